import FedCore

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// A model with its weights, as a run leaves it in `model.safetensors`.
public struct TrainedModel: Sendable {
    public let model: Model
    /// In the canonical order.
    public let weights: [Float]
    /// What else the file said of itself.
    public let metadata: [String: String]

    /// - Precondition: as many weights as the model has parameters.
    public init(_ model: Model, weights: [Float], metadata: [String: String] = [:]) {
        precondition(weights.count == model.parameterCount, "\(weights.count) of \(model.parameterCount) weights")
        self.model = model
        self.weights = weights
        self.metadata = metadata
    }

    /// Reads a weights file, this project's or PyTorch's.
    ///
    /// - Parameters:
    ///   - path: of the file, or of a run's folder, which has it as `model.safetensors`.
    ///   - name: the model's; unless given, it is in the file's metadata, or is the only model in the catalog that has
    ///     tensors of these names and shapes.
    /// - Throws: `ConfigurationError` that names the file and says what is wrong with it.
    public init(reading path: String, as name: String? = nil) throws(ConfigurationError) {
        var file = URL(fileURLWithPath: path)
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        if attributes?[.type] as? FileAttributeType == .typeDirectory { file.appendPathComponent("model.safetensors") }
        let contents: Safetensors
        do {
            contents = try Safetensors(decoding: [UInt8](try Data(contentsOf: file)))
        } catch let error as SafetensorsError {
            throw ConfigurationError("'\(file.relativePath)': \(error)")
        } catch {
            throw ConfigurationError("cannot read the model '\(file.relativePath)'")
        }
        do {
            if let name = name ?? contents.metadata["model"] {
                let model = try Models.named(name)
                self.init(model, weights: try contents.weights(for: model.parameterLayout), metadata: contents.metadata)
                return
            }
        } catch let error as ConfigurationError {
            throw ConfigurationError("'\(file.relativePath)': \(error)")
        } catch {
            throw ConfigurationError("'\(file.relativePath)': \(error)")
        }
        for model in Models.all {
            guard let weights = try? contents.weights(for: model.parameterLayout) else { continue }
            self.init(model, weights: weights, metadata: contents.metadata)
            return
        }
        throw ConfigurationError(
            "'\(file.relativePath)' does not say which model it is of, and its tensors are those of none: "
                + Models.all.map(\.name).joined(separator: ", "))
    }

    /// The file's contents, which PyTorch reads as a `state_dict`.
    public func encoded() throws(SafetensorsError) -> [UInt8] {
        var metadata = metadata
        metadata["model"] = model.name
        return try Safetensors(model.parameterLayout, weights: weights.span, metadata: metadata).encoded()
    }
}
