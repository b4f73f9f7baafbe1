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
    /// What a sample is: `images`, or `rows` of a table.
    package var samples: String { Datasets.standard.samples(of: choice.dataset) }
}
