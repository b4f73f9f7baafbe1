import ArgumentParser
import FedCore
import NeuralNet
import ONNX

/// `fedmpi export`.
struct Export: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Write a trained model for other programs: ONNX, or a safetensors file that PyTorch loads.",
        discussion: """
            fedmpi export --model results/example --to model.onnx           opset \(ONNXFile.operatorSet), any batch size
            fedmpi export --model results/example --to model.safetensors    a state_dict, dense, of 32-bit floats
            """)

    @Option(help: "The trained model: a run's folder, or a safetensors file of any variant.")
    var model: String

    @Option(help: "The file to write; its name ends in .onnx or .safetensors.")
    var to: String

    @OptionGroup var overwrite: OverwriteOption

    func run() throws {
        let variant = try Variant(reading: model)
        let file = try OutputFile(to, overwrite)
        let bytes: [UInt8]
        switch to.split(separator: ".").last {
        case "onnx": bytes = try ONNXFile.encoded(variant)
        case "safetensors":
            guard case .float32(let trained) = variant.weights else {
                throw ConfigurationError("PyTorch has no state_dict for a quantised model; export it as .onnx")
            }
            bytes = try trained.encoded()
        default: throw ConfigurationError("'\(to)': choose the format by the name's end, one of: .onnx, .safetensors")
        }
        try file.write(bytes)
        Console.output("\(variant.name) written to \(to), \(Format.grouped(bytes.count)) bytes")
    }
}
