import Datasets
import FedCore

/// Images or rows that a model is asked about: those of a file, or the test split of a data set. ``Predict`` reads both
/// alike.
enum PredictedImages {
    /// Images of an IDX file, with labels or without, and what the model takes them normalised by.
    case file(ImageFile, Normalization?)
    /// A split of a data set, in which rows of a table may have no label.
    case split(any Dataset)

    /// Number of images, ≥ 1.
    var count: Int {
        switch self {
        case .file(let file, _): file.count
        case .split(let data): data.count
        }
    }

    /// How many of the images or rows are known to be something.
    var labelled: Int {
        switch self {
        case .file(let file, _): file.label(0) == nil ? 0 : file.count
        case .split(let data): (0..<data.count).count { data.isLabelled($0) }
        }
    }

    /// The row of its file that a sample is, from 0; an image's own number.
    func row(_ sample: Int) -> Int {
        switch self {
        case .file: sample
        case .split(let data): data.sourceRow(sample)
        }
    }

    /// What an image or a row really is; nil where nobody knows it.
    func truth(_ image: Int, of task: LearningTask) -> Prediction.Truth? {
        switch self {
        case .file(let file, _): return file.label(image).map { .label($0) }
        case .split(let data) where !data.isLabelled(image): return nil
        case .split(let data) where task.hasClasses: return .label(data.label(image))
        case .split(let data):
            var truth: [Float] = []
            data.forEachTargets(of: CollectionOfOne(image)) { targets in truth = targets.indices.map { targets[$0] } }
            return .targets(truth)
        }
    }

    /// Writes neighbouring images as the model takes them, one after the other: `[range.count, channels, height,
    /// width]`.
    ///
    /// - Parameters:
    ///   - range: Places of the images.
    ///   - floats: Room for them; what is beyond stays as it is.
    func read(_ range: Range<Int>, into floats: inout MutableSpan<Float>) {
        switch self {
        case .file(let file, let normalization):
            file.read(range, into: &floats)
            normalization?.apply(to: &floats, count: range.count, of: file.shape)
        case .split(let data):
            let samples = range.map { UInt32($0) }
            var labels = [Int32](repeating: 0, count: samples.count)
            var span = labels.mutableSpan
            data.read(samples.span, into: &floats, labels: &span)
        }
    }
}
