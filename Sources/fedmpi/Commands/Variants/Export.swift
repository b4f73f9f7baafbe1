import ArgumentParser
import Datasets
import FedCore
import Federation
import NeuralNet
import ONNX

/// The command `fedmpi export`: writes a trained model for other programs.
///
/// The end of the file's name decides: `.onnx` for any variant, `.safetensors` for a dense `state_dict` that
/// PyTorch loads. An 8-bit variant exists only as ONNX, because a PyTorch `state_dict` has no place for its
/// scales.
///
/// Only rank 0 runs it. Prints one line, writes one file. Exit codes: 0; 2 when the model cannot be read, the
/// format is none of the two, or the file cannot be written.
struct Export: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write a trained model as ONNX or as safetensors.",
        discussion: """
            fedmpi export --model results/a --to model.onnx         opset \(ONNXFile.operatorSet), any batch size
            fedmpi export --model results/a --to model.safetensors  a state_dict of PyTorch
            """)

    /// A path, or a reference such as `digits@champion`.
    @Option(help: "The trained model: a run's folder, or a safetensors file of any variant.")
    var model: String

    /// A path whose end says the format.
    @Option(help: "The file to write; its name ends in .onnx or .safetensors.")
    var to: String

    /// Whether a file that is there may be replaced.
    @OptionGroup var overwrite: OverwriteOption
    @OptionGroup var json: JSONOption

    /// What `--json` prints.
    private struct Written: Encodable {
        let model, file: String
        let bytes: Int
    }

    /// The features of a table in their order; empty for a model of something else.
    private static func columns(_ variant: Variant) -> String {
        let names = (try? DataOrigin(metadata: variant.metadata))?.table?.inputNames ?? []
        guard !names.isEmpty else { return "" }
        return ", in this order: " + names.prefix(20).map { $0.contains(",") ? "'\($0)'" : $0 }.joined(separator: ", ")
            + (names.count > 20 ? ", …" : "")
    }

    /// Reads the model, encodes it and writes the file.
    ///
    /// - Throws: `ConfigurationError` for what the user can mend; `SafetensorsError` or an error of the ONNX
    ///   writer for contents that the format cannot hold.
    func run() throws {
        let variant = try Variant(reading: try ModelArgument.path(of: model))
        let file = try OutputFile(to, overwrite)
        let bytes: [UInt8]
        var normalization: Normalization?
        switch to.split(separator: ".").last {
        case "onnx":
            normalization = variant.metadata["input_normalization"].flatMap(Normalization.init(parsing:))
            bytes = try ONNXFile.encoded(
                variant, normalizedBy: normalization.map { ($0.means, $0.deviations) })
        case "safetensors":
            guard case .float32(let trained) = variant.weights else {
                throw ConfigurationError("PyTorch has no state_dict for a quantised model; export it as .onnx")
            }
            bytes = try trained.encoded()
        default: throw ConfigurationError("'\(to)': choose the format by the name's end, one of: .onnx, .safetensors")
        }
        try file.write(bytes)
        try json.print(
            Written(model: variant.name, file: to, bytes: bytes.count),
            "\(variant.name) written to \(to), \(Format.grouped(bytes.count)) bytes"
                + (normalization == nil ? "" : "\nit normalises its input itself, by the run's means and deviations")
                + "\n"
                + SettingsText.wrapped(
                    "takes \(variant.model.input) numbers of a sample\(Self.columns(variant)), gives \(variant.model.classes) scores: "
                        + "docs/MODELS.md", indent: 2, first: 0))
    }
}
