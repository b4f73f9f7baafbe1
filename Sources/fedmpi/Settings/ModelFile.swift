import FedCore
import Files
import Foundation
import NeuralNet
import ONNX
import Records
import Yams

/// Reader of model files, `--model my.yaml`: the layers in lines instead of between commas.
///
/// ```yaml
/// name: my-net          # the file's name unless given
/// layers:
///   - conv 16 3x3 pad 1
///   - relu
///   - maxpool 2
///   - cut               # device │ server, if the model is to be split
///   - linear 64 as hidden
///   - relu
///   - linear
/// ```
///
/// `onnx:net.onnx` is a file of PyTorch's exporter: its layers are the model, and its weights are where training starts,
/// unless `--init` names others.
enum ModelFile {
    /// What the model's name begins with when it is an ONNX file; the path follows.
    private static let onnx = "onnx:"

    /// Replaces a file in the settings by what is in it.
    /// - Throws: `ConfigurationError` when it cannot be read, or is no model file.
    static func resolve(_ settings: inout RunSettings) throws(ConfigurationError) {
        if settings.model.hasPrefix(onnx), settings.initialWeights == nil { settings.initialWeights = settings.model }
        settings.model = try resolved(settings.model)
    }

    /// The initial weights of an ONNX file, as other ranks read them; nil when the settings name no such file.
    /// - Throws: `ConfigurationError` when it cannot be read.
    static func initialWeights(_ settings: RunSettings) throws(ConfigurationError) -> InitialWeights? {
        guard let name = settings.initialWeights, name.hasPrefix(onnx) else { return nil }
        let path = String(name.dropFirst(onnx.count))
        let network = try ONNXImport(reading: path)
        let model = try network.text.model(for: network.form)
        let weights = try network.weights(for: model)
        let bytes: [UInt8]
        do throws(SafetensorsError) {
            bytes = try Safetensors(model.parameterLayout, weights: weights.span, metadata: [:]).encoded()
        } catch {
            throw ConfigurationError("'\(path)': \(error)")
        }
        return try InitialWeights(bytes, path: path)
    }

    /// What `--model` stands for on every rank: the text of a model file's layers, or what was given.
    ///
    /// Read on rank 0 alone: the text travels with the settings, and stays in the run's files.
    /// - Parameter model: a name, layers, the path of a file that ends in `.yaml` or `.yml`, or `onnx:` and a path.
    /// - Throws: `ConfigurationError` when the file cannot be read, or is no model file.
    static func resolved(_ model: String) throws(ConfigurationError) -> String {
        if model.hasPrefix(onnx) {
            return try ONNXImport(reading: String(model.dropFirst(onnx.count))).text.description
        }
        guard DescriptionFile.isNamed(model), !ModelText.isText(model) || exists(model) else {
            return model
        }
        return try read(model).description
    }

    /// The data that a model is for, where its file says so: an ONNX file does.
    static func form(of model: String) throws(ConfigurationError) -> DataForm? {
        guard model.hasPrefix(onnx) else { return nil }
        return try ONNXImport(reading: String(model.dropFirst(onnx.count))).form
    }

    private static func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

    /// Reads a file.
    /// - Throws: `ConfigurationError` that names it.
    static func read(_ path: String) throws(ConfigurationError) -> ModelText {
        try DescriptionFile.read(path, "model", by: text)
    }

    /// Reads a file's contents.
    /// - Parameters:
    ///   - yaml: the contents.
    ///   - stem: the model's name where the file has none.
    static func text(_ yaml: String, named stem: String) throws(ConfigurationError) -> ModelText {
        guard let mapping = try DescriptionFile.mapping(yaml), let items = mapping["layers"]?.sequence else {
            throw ConfigurationError("a model file has 'layers:' and below it a line for each layer, '- conv 16 3x3'")
        }
        for key in mapping.keys where key.string != "name" && key.string != "layers" {
            throw ConfigurationError("what is '\((key.string ?? "?").printable)'? A model file has 'name' and 'layers'")
        }
        var layers: [String] = []
        var cut: Int?
        for (index, item) in items.enumerated() {
            guard let layer = item.scalar?.string else {
                throw ConfigurationError("layer \(index) is no line of text such as '- conv 16 3x3'")
            }
            if layer == "cut" {
                guard cut == nil else { throw ConfigurationError("there is more than one 'cut'") }
                cut = layers.count
            } else {
                layers.append(layer)
            }
        }
        return try ModelText(name: mapping["name"]?.string ?? stem, layers: layers, cut: cut)
    }
}
