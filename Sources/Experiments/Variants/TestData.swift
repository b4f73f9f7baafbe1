package import Datasets
package import Federation

/// The data that a model is evaluated on, opened: the choice and both splits.
///
/// The commands about variants make it from their options. It is separate from the model, because a list of variants
/// may have been trained on different data.
package struct TestData {
    /// What was chosen: the name of the data set and how it is opened.
    package let choice: ModelData
    /// The training and the test split.
    package let pair: DatasetPair

    /// Combines a choice with the splits that were opened for it.
    package init(choice: ModelData, pair: DatasetPair) {
        (self.choice, self.pair) = (choice, pair)
    }

    /// The test split.
    package var test: any Dataset { pair.test }
    /// The training split; only fine-tuning and calibration read it.
    package var train: any Dataset { pair.train }
    /// A phrase for legends and files, `the 10,000 test images of fashion-mnist`.
    package var testImages: String { choice.testImages(pair) }
}

extension Dataset {
    /// The images of some samples as one array `[samples, channels, height, width]`, as the data set reads them.
    ///
    /// - Parameter samples: indices in the data set.
    /// - Complexity: O(samples × values of an image); allocates the array.
    package func images(_ samples: [UInt32]) -> [Float] {
        var images = [Float](repeating: 0, count: samples.count * shape.count)
        var labels = [Int32](repeating: 0, count: samples.count)
        var imageSpan = images.mutableSpan
        var labelSpan = labels.mutableSpan
        read(samples.span, into: &imageSpan, labels: &labelSpan)
        return images
    }

    /// Indices of some samples, evenly spaced over the data set, which may be sorted by class.
    ///
    /// - Parameter samples: how many; all of them if the data set has fewer.
    package func evenlySpaced(_ samples: Int) -> [UInt32] {
        let samples = min(samples, count)
        return (0..<samples).map { UInt32($0 * count / samples) }
    }
}
