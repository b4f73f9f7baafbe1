import Datasets

/// Images that a model is to classify: of a file, or of a data set.
enum PredictedImages {
    case file(ImageFile)
    case split(any Dataset)

    var count: Int {
        switch self {
        case .file(let file): file.count
        case .split(let data): data.count
        }
    }

    /// Nil where nobody knows it.
    func label(_ image: Int) -> Int? {
        switch self {
        case .file(let file): file.label(image)
        case .split(let data): data.label(image)
        }
    }

    /// Writes neighbouring images as the model takes them, one after the other.
    func read(_ range: Range<Int>, into floats: inout MutableSpan<Float>) {
        switch self {
        case .file(let file): file.read(range, into: &floats)
        case .split(let data):
            let samples = range.map { UInt32($0) }
            var labels = [Int32](repeating: 0, count: samples.count)
            var span = labels.mutableSpan
            data.read(samples.span, into: &floats, labels: &span)
        }
    }
}
