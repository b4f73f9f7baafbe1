public import FedCore
import Files

/// Models of other programs: `--model external:FILE` names a weights file instead of an architecture. Names, shapes and
/// order of its tensors are the flat weights; running means and variances are known by PyTorch's names for them.
public enum ExternalModel {
    /// What such a model's name begins with; the file's path follows.
    private static let prefix = "external:"

    /// The file that a model's name stands for; nil when it is not of another program.
    public static func path(in name: String) -> String? {
        name.hasPrefix(prefix) ? String(name.dropFirst(prefix.count)) : nil
    }

    /// Reads layout and initial weights.
    /// - Parameters:
    ///   - path: path of the file, or of a run's folder, which has it as `model.safetensors`.
    ///   - classes: number of classes that evaluations tell apart.
    /// - Throws: `ConfigurationError` that names the file and says what is wrong with it.
    public static func read(_ path: String, classes: Int) throws(ConfigurationError) -> Model {
        guard !path.isEmpty else {
            throw ConfigurationError("model 'external' needs a file: external:weights.safetensors")
        }
        let file = try WeightsFile(path)
        var layout = ParameterLayout()
        var weights: [Float] = []
        for (index, tensor) in file.contents.tensors.enumerated() {
            guard case .float32(let values) = tensor.elements else {
                throw ConfigurationError(
                    "'\(file.path)': '\(tensor.name.printable)' is \(tensor.elements.type); weights are F32")
            }
            layout.append(tensor.name, shape: tensor.shape, layer: index, role: role(of: tensor.name))
            weights += values
        }
        guard layout.count > 0 else { throw ConfigurationError("'\(file.path)' holds no weights") }
        if let defect = WeightDefect.first(in: weights.span, of: layout) {
            throw ConfigurationError("'\(file.path)': \(defect)")
        }
        return Model(external: prefix + path, layout, weights: weights, classes: classes)
    }

    /// The role of a tensor by its name: PyTorch's batch normalisation has running means and variances.
    private static func role(of name: String) -> ParameterLayout.Role {
        ParameterLayout.isVariance(name) || name == "running_mean" || name.hasSuffix(".running_mean")
            ? .statistic : .trained
    }
}
