public import FedCore

/// An attack that trains on wrong labels: every label y becomes classes − 1 − y. It has no options.
///
/// M. Fang, X. Cao, J. Jia, N. Z. Gong, *Local Model Poisoning Attacks to Byzantine-Robust Federated Learning*,
/// USENIX Security 2020, arXiv:1911.11815.
public struct LabelFlip: DataAttack {
    public static let name = "label-flip"
    public static let summary = "trains on labels turned around: y becomes classes - 1 - y"

    public init(_ options: inout OptionReader) throws(ConfigurationError) {}

    public func poison(
        _ image: inout MutableSpan<Float>, label: inout Int32, height: Int, width: Int, classes: Int,
        stream: inout RandomStream
    ) {
        label = Int32(classes) - 1 - label
    }
}
