import FedCore
import NeuralNet

/// The images that a model gets wrong and is surest of: what to look at first.
struct WorstErrors {
    /// One of them, as `fedmpi predict --worst` prints it.
    struct Entry: Encodable {
        /// Kind of the line.
        let event = "worst"
        /// Place of the image, from 0; nil of a row.
        let image: Int?
        /// Place of the row in its file, from 0; nil of an image.
        let row: Int?
        /// What the model says, and how sure it is, in [0, 1].
        let `class`: Int
        let probability: Double
        /// Name of the class, where classes have names.
        let name: String?
        /// The true class, and its name.
        let label: Int
        let labelName: String?
        /// `[channels, height, width]`; nil of a row, whose numbers are in its file.
        var shape: [Int]?
        /// The image's numbers in the order of ``shape``, the smallest as 0, the largest as 255.
        var pixels: [Int]?
    }

    /// The most that are kept.
    let most: Int
    /// The surest first.
    private(set) var entries: [Entry] = []
    /// Which sample each of them is.
    private var places: [Int] = []

    /// Keeps at most so many.
    init(most: Int) { self.most = most }

    /// Takes a prediction, if it is wrong and surer than those that are kept. O(kept).
    ///
    /// - Parameters:
    ///   - prediction: what the model says.
    ///   - place: which sample it is of, from 0.
    mutating func add(_ prediction: Prediction, at place: Int) {
        guard most > 0, let label = prediction.label, let said = prediction.class, said != label,
            let probability = prediction.probabilities?[said]
        else { return }
        if entries.count == most, let last = entries.last, last.probability >= probability { return }
        let rank = entries.firstIndex { $0.probability < probability } ?? entries.count
        entries.insert(
            Entry(
                image: prediction.image, row: prediction.row, class: said, probability: probability,
                name: prediction.name, label: label,
                labelName: prediction.labelName),
            at: rank)
        places.insert(place, at: rank)
        guard entries.count > most else { return }
        entries.removeLast()
        places.removeLast()
    }

    /// The entries, images with their pixels.
    ///
    /// - Parameters:
    ///   - source: where the images are.
    ///   - shape: the model's input.
    func withPixels(from source: PredictedImages, _ shape: [Int]) -> [Entry] {
        zip(entries, places).map { entry, place in
            var entry = entry
            guard entry.image != nil else { return entry }
            var floats = [Float](repeating: 0, count: shape.reduce(1, *))
            var span = floats.mutableSpan
            source.read(place..<place + 1, into: &span)
            let (low, high) = (floats.min() ?? 0, floats.max() ?? 1)
            entry.shape = shape
            entry.pixels = floats.map { high > low ? Int((($0 - low) / (high - low) * 255).rounded()) : 0 }
            return entry
        }
    }
}
