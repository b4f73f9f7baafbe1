public import FedCore
import Foundation
public import NeuralNet

/// A network of an ONNX file, as `torch.onnx.export` writes it, read to be trained: its layers as text, and its weights.
///
/// ```swift
/// let net = try ONNXImport(reading: "net.onnx")
/// let model = try net.text.model(for: net.form)
/// let trained = TrainedModel(model, weights: try net.weights(for: model))
/// ```
///
/// Nothing in a file is trusted: what is damaged, and what has no layer here, is an error that names the node.
public struct ONNXImport: Sendable {
    /// The layers; names of those with weights are PyTorch's, as far as the file has kept them.
    public let text: ModelText
    /// Shape of a sample, and number of outputs.
    public let form: DataForm
    /// What was left out, a line each.
    public let notes: [String]

    /// Weights by PyTorch's keys, as the layers of ``text`` name them, row-major.
    private let tensors: [String: [Float]]

    /// The largest file that is read, in bytes: 2 GiB, which is also the most that a message may have.
    private static let mostBytes = 1 << 31

    /// Reads a file, and the files in its folder that have its weights, if it says so.
    /// - Parameter path: the file's path; its name without the extension becomes the model's.
    /// - Throws: `ConfigurationError` that names it, and the node that has no layer here, if that is the reason.
    /// - Complexity: O(bytes); the file is in memory, and its weights beside it.
    public init(reading path: String) throws(ConfigurationError) {
        let url = URL(fileURLWithPath: path)
        let size = (try? FileManager.default.attributesOfItem(atPath: path))?[.size] as? Int ?? 0
        guard size <= Self.mostBytes else {
            throw ConfigurationError("'\(path)' is too large to be read, \(size) bytes")
        }
        guard let data = try? Data(contentsOf: url) else {
            throw ConfigurationError("cannot read the model file '\(path)'")
        }
        do throws(ConfigurationError) {
            try self.init(
                Array(data), name: url.deletingPathExtension().lastPathComponent, in: url.deletingLastPathComponent())
        } catch {
            throw ConfigurationError("'\(path)': \(error)")
        }
    }

    /// Decodes a file that has its weights in itself.
    /// - Parameters:
    ///   - bytes: its contents.
    ///   - name: name of the model; other characters than a model's name has are left out.
    /// - Throws: `ConfigurationError` when it is damaged, or something in it has no layer here.
    public init(decoding bytes: [UInt8], name: String) throws(ConfigurationError) {
        try self.init(bytes, name: name, in: nil)
    }

    /// Decodes a file, and reads its nodes one after the other.
    ///
    /// There must be one input, `[batch, …]` with one to three further extents, all known, and one output. The batch
    /// may be free, or a number below 32,768.
    /// - Parameters:
    ///   - bytes: its contents.
    ///   - name: name of the model, `onnx` when nothing of it can stay.
    ///   - folder: where files with its weights are; nil when there is no folder.
    /// - Throws: `ConfigurationError` as the others.
    private init(_ bytes: [UInt8], name: String, in folder: URL?) throws(ConfigurationError) {
        let contents = try ONNXContents(bytes, in: folder)
        guard contents.inputs.count == 1, contents.outputs.count == 1 else {
            throw ConfigurationError(
                "it has \(contents.inputs.count) inputs and \(contents.outputs.count) outputs; networks with one of each are read"
            )
        }
        let shape = contents.inputs[0].shape
        let sample = shape.dropFirst().compactMap { $0 }
        guard sample.count == shape.count - 1, (1...3).contains(sample.count), sample.allSatisfy({ $0 > 0 }),
            try ONNXTensor.count(sample) < 1 << 32, shape[0].map({ $0 > 0 && $0 < 1 << 15 }) ?? true
        else {
            let words = shape.map { $0.map(String.init) ?? "?" }.joined(separator: ", ")
            throw ConfigurationError("its input is [\(words)]; only the first extent, the batch, may be free")
        }
        var importer = Importer(contents, batch: shape[0])
        importer.values[contents.inputs[0].name] = .tensor(ImportedTensor(line: -1, sample: sample))
        for node in contents.nodes { try importer.add(node) }
        let (lines, outputs) = try importer.finish(contents.outputs[0])
        let clean = name.filter { $0.isLetter || $0.isNumber || "-_.".contains($0) }
        text = try ModelText(name: clean.isEmpty ? "onnx" : clean, layers: lines)
        form = DataForm(Shape(sample), outputs: outputs)
        notes = importer.notes
        tensors = importer.weights
    }

    /// The file's weights in the canonical order of a model that was made of ``text``.
    /// - Parameter model: a model for data of the ``form``.
    /// - Returns: all parameters one behind the other, running statistics included.
    /// - Throws: `ConfigurationError` when the model is another, e.g. for other data.
    /// - Complexity: O(parameters).
    public func weights(for model: Model) throws(ConfigurationError) -> [Float] {
        var weights: [Float] = []
        weights.reserveCapacity(model.parameterCount)
        for entry in model.parameterLayout.entries {
            guard let tensor = tensors[entry.name], tensor.count == entry.count else {
                throw ConfigurationError(
                    "the ONNX file's '\(entry.name)' has \(tensors[entry.name]?.count ?? 0) numbers, and the model "
                        + "\(entry.count)")
            }
            weights += tensor
        }
        return weights
    }
}
