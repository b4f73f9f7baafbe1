/// Bytes that are not a weights file this project reads, or not the weights of this model.
public enum SafetensorsError: Error, Equatable, CustomStringConvertible {
    /// The file ends too early or too late.
    case wrongSize(expectedBytes: Int, actualBytes: Int)
    /// Not a safetensors file, or a damaged one.
    case badHeader(String)
    /// None of the types `F32`, `F16`, `BF16`, `F64`, `I8` and `U8`.
    case unsupportedType(tensor: String, type: String)
    case wrongType(tensor: String, expected: String, actual: String)
    /// A tensor that has another one beside it which does not go with it, or numbers that cannot be weights.
    case inconsistent(tensor: String, reason: String)
    /// A number that no weight can be.
    case defect(WeightDefect)
    case missing(tensor: String)
    /// A tensor has another name: `actual` instead of `tensor`.
    case misnamed(tensor: String, actual: String)
    case unexpected(tensor: String)
    case wrongShape(tensor: String, expected: [Int], actual: [Int])

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

    /// What wrappers such as PyTorch's `DataParallel` put before every name.
    private static func prefix(_ actual: String, of tensor: String) -> String {
        guard actual.hasSuffix("." + tensor) else { return "" }
        return ": take the prefix '\(actual.dropLast(tensor.count))' off all names"
    }
}
