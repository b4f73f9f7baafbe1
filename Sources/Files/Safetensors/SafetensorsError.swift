/// The reason why bytes are not a weights file that is read here, or not the weights of this model.
///
/// Each case names the tensor by the file's own name for it, so that a user can mend the file in Python.
public enum SafetensorsError: Error, Equatable, CustomStringConvertible {
    /// The file ends too early or too late: truncated, or with bytes behind the last tensor.
    case wrongSize(expectedBytes: Int, actualBytes: Int)
    /// The header is not of a safetensors file, or is damaged; the text says where.
    case badHeader(String)
    /// None of the types `F32`, `F16`, `BF16`, `F64`, `I8` and `U8`.
    case unsupportedType(tensor: String, type: String)
    /// A tensor of a type that is read, but not for this parameter.
    case wrongType(tensor: String, expected: String, actual: String)
    /// A mask that does not go with its values, or numbers that cannot be weights; `reason` ends the sentence
    /// "tensor … ".
    case inconsistent(tensor: String, reason: String)
    /// A number that no weight can be.
    case defect(WeightDefect)
    /// A parameter of the model, or the other half of a packed one, that the file does not have.
    case missing(tensor: String)
    /// A tensor has another name: `actual` instead of `tensor`.
    case misnamed(tensor: String, actual: String)
    /// A tensor that the model does not have.
    case unexpected(tensor: String)
    /// A tensor whose shape differs from the parameter's, `expected`.
    case wrongShape(tensor: String, expected: [Int], actual: [Int])

    /// One line for the user, with what to do where that is known.
    public var description: String {
        switch self {
        case .wrongSize(let expected, let actual): "weights file has \(actual) bytes instead of \(expected)"
        case .badHeader(let reason): "not a safetensors file: \(reason)"
        case .unsupportedType(let tensor, let type):
            "tensor '\(tensor)' is of type \(type), not F32, F16, BF16, F64, I8 or U8"
        case .wrongType(let tensor, let expected, let actual):
            "tensor '\(tensor)' is of type \(actual) instead of \(expected)"
        case .inconsistent(let tensor, let reason): "tensor '\(tensor)' \(reason)"
        case .defect(let defect): "\(defect)"
        case .misnamed(let tensor, let actual):
            "weights file has no tensor '\(tensor)'; rename its '\(actual)'\(Self.prefix(actual, of: tensor))"
        case .missing(let tensor): "weights file has no tensor '\(tensor)'"
        case .unexpected(let tensor): "weights file has a tensor '\(tensor)' that the model has not"
        case .wrongShape(let tensor, let expected, let actual):
            "tensor '\(tensor)' has shape \(actual) instead of \(expected)"
        }
    }

    /// The advice to take off what wrappers such as PyTorch's `DataParallel` put before every name; empty
    /// without a prefix.
    private static func prefix(_ actual: String, of tensor: String) -> String {
        guard actual.hasSuffix("." + tensor) else { return "" }
        return ": take the prefix '\(actual.dropLast(tensor.count))' off all names"
    }
}
