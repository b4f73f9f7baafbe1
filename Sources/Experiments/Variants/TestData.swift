package import Datasets
package import Federation

/// Data that a model is tried on.
package struct TestData {
    package let choice: ModelData
    package let pair: DatasetPair

    package init(choice: ModelData, pair: DatasetPair) {
        (self.choice, self.pair) = (choice, pair)
    }

    package var test: any Dataset { pair.test }
    package var train: any Dataset { pair.train }
    /// E.g. `the 10,000 test images of fashion-mnist`.
    package var testImages: String { choice.testImages(pair) }
}

extension Dataset {
    /// Some samples' images, plain, one after the other.
    package func images(_ samples: [UInt32]) -> [Float] {
        var images = [Float](repeating: 0, count: samples.count * shape.count)
        var labels = [Int32](repeating: 0, count: samples.count)
        var imageSpan = images.mutableSpan
        var labelSpan = labels.mutableSpan
        read(samples.span, into: &imageSpan, labels: &labelSpan)
        return images
    }

    /// So many samples, evenly spaced; all of them if there are not more.
    package func evenlySpaced(_ samples: Int) -> [UInt32] {
        let samples = min(samples, count)
        return (0..<samples).map { UInt32($0 * count / samples) }
    }
}
