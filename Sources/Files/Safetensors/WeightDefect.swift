public import FedCore

/// A number that no weight can be: NaN, infinite, or a running variance below zero.
///
/// All that takes weights from a file looks for them, because a network with one of them still names a class
/// for each image: a ReLU makes 0 of NaN, and the answer looks like any other.
public struct WeightDefect: Error, Equatable, CustomStringConvertible {
    /// The name of the tensor that has it.
    public let tensor: String
    /// The index of the first such number, row-major, from 0.
    public let element: Int
    /// What the number is, to end the sentence "element 5 …".
    public let reason: String

    /// Makes a defect; `reason` ends the sentence "element 5 of tensor 'x' …".
    public init(tensor: String, element: Int, reason: String) {
        self.tensor = tensor
        self.element = element
        self.reason = reason
    }

    /// One line: which element of which tensor, and what it is.
    public var description: String { "element \(element) of tensor '\(tensor)' \(reason)" }

    /// The first of a tensor's numbers that no weight can be; nil if all are sound. O(elements).
    ///
    /// - Parameters:
    ///   - values: the numbers as they are in the file, of 32 bits or more; finite counts as a 32-bit float.
    ///   - tensor: its name, which says whether it is a running variance.
    package static func first<Number: BinaryFloatingPoint>(in values: [Number], of tensor: String) -> WeightDefect? {
        let isVariance = ParameterLayout.isVariance(tensor)
        guard let element = values.firstIndex(where: { !Float($0).isFinite || (isVariance && $0 < 0) }) else {
            return nil
        }
        return WeightDefect(tensor: tensor, element: element, reason: reason(Double(values[element])))
    }

    /// The first of a model's flat weights that no weight can be; nil if all are sound. O(parameters).
    public static func first(in weights: Span<Float>, of layout: ParameterLayout) -> WeightDefect? {
        for entry in layout.entries {
            let isVariance = entry.isVariance
            for i in entry.range where !weights[i].isFinite || (isVariance && weights[i] < 0) {
                return WeightDefect(
                    tensor: entry.name, element: i - entry.offset, reason: reason(Double(weights[i])))
            }
        }
        return nil
    }

    /// The end of the sentence "element 5 of tensor 'x' …".
    private static func reason(_ value: Double) -> String {
        if value.isNaN { return "is NaN" }
        if value.isInfinite { return "is infinite" }
        return Float(value).isFinite
            ? "is \(value), and a variance is never below zero" : "is \(value), more than a 32-bit float holds"
    }
}
