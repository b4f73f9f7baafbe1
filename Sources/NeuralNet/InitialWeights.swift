public import FedCore
import Files
import Foundation

/// The tensors of a weights file that training starts from, before they are matched with a model. Nothing in the file is
/// trusted.
public struct InitialWeights: Sendable {
    /// Path of the file, for messages.
    public let path: String
    /// The bytes of the file, which other ranks decode for themselves.
    public let bytes: [UInt8]
    private let contents: Safetensors

    /// Reads a file.
    /// - Parameter path: path of a `.safetensors` file, or of a run's folder, which has it as `model.safetensors`.
    /// - Throws: `ConfigurationError` that names the file and says what is wrong with it.
    public init(reading path: String) throws(ConfigurationError) {
        var isFolder: ObjCBool = false
        let exists = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
        guard exists else { throw ConfigurationError("cannot read the initial weights '\(path.printable)'") }
        let file = isFolder.boolValue ? path + "/model.safetensors" : path
        let bytes: [UInt8]
        do { bytes = try Safetensors.bytes(of: URL(fileURLWithPath: file)) } catch {
            throw ConfigurationError("cannot read the initial weights '\(file.printable)'")
        }
        try self.init(bytes, path: path)
    }

    /// Decodes the bytes of a file.
    /// - Throws: `ConfigurationError` that names the file and says what is wrong with it.
    public init(_ bytes: [UInt8], path: String) throws(ConfigurationError) {
        self.path = path
        self.bytes = bytes
        do throws(SafetensorsError) { contents = try Safetensors(decoding: bytes) } catch {
            throw ConfigurationError("'\(path.printable)': \(error)")
        }
    }

    /// The weights of a model, and which of its parameters the file is not for.
    ///
    /// A tensor belongs to the parameter of its name, maybe behind a prefix that all have. Where no tensor has a parameter's
    /// name, the order and the shapes decide: both must be the same throughout. The last layer may be for another number of outputs, as that of a model
    /// which was trained on other classes: then its parameters are drawn from the seed.
    ///
    /// - Parameters:
    ///   - model: the model that is to be trained.
    ///   - seed: seed of what is drawn.
    /// - Returns: `[model.parameterCount]` in the canonical order, and the keys of what was drawn.
    /// - Throws: `ConfigurationError` for the first parameter that is missing or of another shape.
    public func weights(
        for model: Model, seed: UInt64
    ) throws(ConfigurationError) -> (weights: [Float], drawn: [String]) {
        let entries = model.parameterLayout.entries
        let tensors = contents.tensors.filter { !$0.name.hasSuffix("num_batches_tracked") }
        let byName = Dictionary(tensors.map { ($0.name, $0) }) { first, _ in first }
        // Of a model within another the names have a prefix, such as `module.` or `net.`.
        let first = entries.first?.name ?? ""
        let prefix = tensors.first { $0.name.hasSuffix("." + first) }.map { $0.name.dropLast(first.count) } ?? ""
        var found: [Safetensors.Tensor] = entries.compactMap { byName[$0.name] ?? byName[prefix + $0.name] }
        if found.isEmpty, tensors.count == entries.count { found = tensors }
        guard found.count == entries.count else {
            let missing = entries.first { byName[$0.name] == nil && byName[prefix + $0.name] == nil }?.name ?? "?"
            throw ConfigurationError(
                "'\(path.printable)' has no tensor '\(missing)' for model '\(model.name)': its tensors are "
                    + tensors.prefix(3).map { "'\($0.name.printable)'" }.joined(separator: ", ")
                    + (tensors.count > 3 ? ", … (\(tensors.count) in all)" : ""))
        }
        var weights = model.initialWeights(seed: seed)
        var drawn: [String] = []
        let last = entries.last?.layer
        for (entry, tensor) in zip(entries, found) {
            guard tensor.shape == entry.shape else {
                guard entry.layer == last, tensor.shape.dropFirst() == entry.shape.dropFirst() else {
                    throw ConfigurationError(
                        "'\(path.printable)': tensor '\(tensor.name.printable)' has the shape \(tensor.shape), parameter "
                            + "'\(entry.name)' of model '\(model.name)' \(entry.shape)")
                }
                drawn.append(entry.name)
                continue
            }
            guard case .float32(let values) = tensor.elements else {
                throw ConfigurationError(
                    "'\(path.printable)': tensor '\(tensor.name.printable)' holds \(tensor.elements.type), not floats")
            }
            weights.replaceSubrange(entry.range, with: values)
        }
        if let defect = WeightDefect.first(in: weights.span, of: model.parameterLayout) {
            throw ConfigurationError("'\(path.printable)': \(defect)")
        }
        return (weights, drawn)
    }
}

/// Patterns of parameters' keys, as `--freeze` takes them: `features.*,stem.weight`.
public struct KeyPatterns: Sendable {
    private let patterns: [[Substring]]
    private let text: String

    /// Reads patterns between commas; `*` stands for any characters.
    public init(_ text: String) {
        self.text = text
        patterns = text.split(separator: ",").map { pattern in
            pattern.trimmingPrefix { $0 == " " }.split(separator: "*", omittingEmptySubsequences: false)
        }
    }

    /// Whether a key fits one of them.
    public func contains(_ key: String) -> Bool { patterns.contains { Self.fits(key, $0) } }

    /// Refuses a pattern that no parameter of a model fits.
    /// - Throws: `ConfigurationError` with the model's first keys.
    public func check(_ layout: ParameterLayout) throws(ConfigurationError) {
        for pattern in patterns where !layout.entries.contains(where: { Self.fits($0.name, pattern) }) {
            throw ConfigurationError(
                "--freeze: no parameter is called '\(pattern.joined(separator: "*").printable)'; they are "
                    + layout.entries.prefix(6).map(\.name).joined(separator: ", ")
                    + (layout.entries.count > 6 ? ", … (\(layout.entries.count) in all)" : ""))
        }
    }

    /// Whether a key consists of these pieces with anything between them.
    private static func fits(_ key: String, _ pieces: [Substring]) -> Bool {
        guard pieces.count > 1 else { return key == pieces.first ?? "" }
        guard key.hasPrefix(pieces[0]) else { return false }
        var rest = key.dropFirst(pieces[0].count)
        for piece in pieces[1..<(pieces.count - 1)] where !piece.isEmpty {
            guard let place = rest.firstRange(of: piece) else { return false }
            rest = rest[place.upperBound...]
        }
        return rest.hasSuffix(pieces[pieces.count - 1])
    }
}
