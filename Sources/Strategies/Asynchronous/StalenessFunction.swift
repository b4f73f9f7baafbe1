import FedCore

/// The factor s(t − τ) of an update that was trained from version τ of the weights and is used at version t: 1
/// when it is fresh, never more.
///
/// C. Xie, S. Koyejo, I. Gupta, *Asynchronous Federated Optimization*, 2019, section 5.2, arXiv:1903.03934.
public enum StalenessFunction: Sendable, Equatable {
    /// s = 1, whatever the staleness.
    case constant
    /// s = (t − τ + 1)^−a, a > 0; 0.5 by default.
    case polynomial(a: Double)
    /// s = 1 up to a staleness of b, then 1 / (a(t − τ − b) + 1); a > 0, 10 by default, and b ≥ 0, 4 by
    /// default.
    case hinge(a: Double, b: Int)

    private static let names = ["constant", "polynomial", "hinge"]

    /// Reads options `staleness`, `a` and `b`; polynomial with a = 0.5 unless something else is given.
    ///
    /// - Throws: `ConfigurationError` when one is out of range, or does not belong to the function.
    init(_ options: inout OptionReader) throws(ConfigurationError) {
        let name = try options.choice("staleness", default: "polynomial", of: Self.names)
        let a: Double? = try options.number("a", "greater than 0") { $0 > 0 }
        let b = try options.integer("b", "at least 0") { $0 >= 0 }
        switch name {
        case "constant": self = .constant
        case "hinge": self = .hinge(a: a ?? 10, b: b ?? 4)
        default: self = .polynomial(a: a ?? 0.5)
        }
        if self == .constant, a != nil { throw options.refusal(of: "a", "left out: staleness=constant has none") }
        if name != "hinge", b != nil { throw options.refusal(of: "b", "left out: only staleness=hinge has one") }
    }

    /// The factor, in [0, 1] and the same bits on every machine.
    ///
    /// - Parameter staleness: t − τ, ≥ 0.
    public func callAsFunction(_ staleness: Int) -> Double {
        switch self {
        case .constant: 1
        case .polynomial(0.5): 1 / Double(staleness + 1).squareRoot()
        case .polynomial(let a): PortableMath.exp(-a * PortableMath.log(Double(staleness + 1)))
        case .hinge(let a, let b): staleness <= b ? 1 : 1 / (a * Double(staleness - b) + 1)
        }
    }
}

extension OptionReader {
    /// Reads option `max-staleness`: the staleness above which an update is left out; nil: no limit.
    mutating func largestStaleness() throws(ConfigurationError) -> Int? {
        try integer("max-staleness", "at least 0") { $0 >= 0 }
    }
}
