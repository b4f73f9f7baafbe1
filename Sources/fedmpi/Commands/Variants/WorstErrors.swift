import FedCore
import NeuralNet

/// The images that a model gets wrong and is surest of: what to look at first.
struct WorstErrors {
    /// One of them, as `fedmpi predict --worst` prints it.
    struct Entry: Encodable {
        /// Kind of the line.
        let event = "worst"
        /// Place of the image, from 0.
        let image: Int
        /// What the model says, and how sure it is, in [0, 1].
        let `class`: Int
        let probability: Double
        /// Name of the class, where classes have names.
        let name: String?
        /// The true class, and its name.
        let label: Int
        let labelName: String?
        /// `[channels, height, width]`.
        var shape: [Int] = []
        /// The image's numbers in the order of ``shape``, the smallest as 0, the largest as 255.
        var pixels: [Int] = []
    }

    /// The most that are kept.
    let most: Int
    /// The surest first.
    private(set) var entries: [Entry] = []

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
                image: place, class: said, probability: probability, name: prediction.name, label: label,
                labelName: prediction.labelName),
            at: rank)
        if entries.count > most { entries.removeLast() }
    }

    /// The entries with their images.
    ///
    /// - Parameters:
    ///   - source: where the images are.
    ///   - shape: the model's input.
    func withPixels(from source: PredictedImages, _ shape: [Int]) -> [Entry] {
        entries.map { entry in
            var entry = entry
            var floats = [Float](repeating: 0, count: shape.reduce(1, *))
            var span = floats.mutableSpan
            source.read(entry.image..<entry.image + 1, into: &span)
            let (low, high) = (floats.min() ?? 0, floats.max() ?? 1)
            entry.shape = shape
            entry.pixels = floats.map { high > low ? Int((($0 - low) / (high - low) * 255).rounded()) : 0 }
            return entry
        }
    }
}
