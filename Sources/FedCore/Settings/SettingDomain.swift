/// One end of a range of numbers.
public struct SettingBound: Sendable, Equatable {
    /// The number at the end of the range.
    public let value: Double
    /// Whether the value itself is accepted.
    public let isIncluded: Bool

    /// Describes an end of a range.
    public init(value: Double, isIncluded: Bool) {
        (self.value, self.isIncluded) = (value, isIncluded)
    }
}

/// The values that a setting accepts, and the words that end the sentence "it must be …".
///
/// The check and its words are made together, so that help, error messages and documents state what the code checks:
///
/// ```swift
/// SettingDomain.atLeast(1)              // at least 1
/// SettingDomain.above(0, atMost: 1e6)   // greater than 0 and at most 1000000
/// ```
public struct SettingDomain<Value: Sendable>: Sendable {
    /// One condition. A value that breaks it is answered with its words alone.
    private struct Clause: Sendable {
        let words: String
        let accepts: @Sendable (Value) -> Bool
    }

    private var clauses: [Clause]
    /// Smallest number, for forms and schemas; nil when there is no lower bound, or the type is not a number.
    public private(set) var minimum: SettingBound?
    /// Largest number; nil when there is no upper bound, or the type is not a number.
    public private(set) var maximum: SettingBound?

    /// Makes a domain of the values for which a function is true.
    /// - Parameters:
    ///   - words: end of the sentence "it must be …", e.g. `at least 1`.
    ///   - accepts: the condition.
    public init(_ words: String, where accepts: @escaping @Sendable (Value) -> Bool) {
        clauses = [Clause(words: words, accepts: accepts)]
    }

    /// The domain of every value of the type.
    public static var any: Self {
        var domain = Self("") { _ in true }
        domain.clauses = []
        return domain
    }

    private init(
        _ words: String, _ minimum: SettingBound?, _ maximum: SettingBound?,
        _ accepts: @escaping @Sendable (Value) -> Bool
    ) {
        self.init(words, where: accepts)
        (self.minimum, self.maximum) = (minimum, maximum)
    }

    /// All conditions in words; empty when every value is accepted.
    public var words: String { clauses.map(\.words).joined(separator: " and ") }

    /// The words of the first condition that a value breaks; nil when it is accepted.
    public func refusal(of value: Value) -> String? {
        clauses.first { !$0.accepts(value) }?.words
    }

    /// The intersection of two domains. A value that one of them refuses is answered with that one's words.
    public func and(_ other: Self) -> Self {
        var both = self
        both.clauses += other.clauses
        both.minimum = minimum ?? other.minimum
        both.maximum = maximum ?? other.maximum
        return both
    }

    /// The same values in other words, e.g. "from 1 to 10 seconds" instead of "from 1 to 10".
    public func saying(_ words: String) -> Self {
        let clauses = clauses
        var same = self
        same.clauses = [Clause(words: words) { value in clauses.allSatisfy { $0.accepts(value) } }]
        return same
    }
}

extension SettingDomain where Value: FixedWidthInteger {
    /// `at least 1`
    public static func atLeast(_ least: Value) -> Self {
        Self("at least \(least)", SettingBound(value: Double(least), isIncluded: true), nil) { $0 >= least }
    }

    /// `at most 10`
    public static func atMost(_ most: Value) -> Self {
        Self("at most \(most)", nil, SettingBound(value: Double(most), isIncluded: true)) { $0 <= most }
    }

    /// `from 1 to 10`
    public static func `in`(_ range: ClosedRange<Value>) -> Self {
        Self(
            "from \(range.lowerBound) to \(range.upperBound)",
            SettingBound(value: Double(range.lowerBound), isIncluded: true),
            SettingBound(value: Double(range.upperBound), isIncluded: true)
        ) { range.contains($0) }
    }
}

/// Domains of numbers that are finite; a NaN is in none of them.
extension SettingDomain where Value: BinaryFloatingPoint & SendableMetatype {
    /// `at least 0`
    public static func atLeast(_ least: Value) -> Self {
        Self("at least \(short(least))", SettingBound(value: Double(least), isIncluded: true), nil) {
            $0 >= least && $0.isFinite
        }
    }

    /// `greater than 0`
    public static func above(_ bound: Value) -> Self {
        Self("greater than \(short(bound))", SettingBound(value: Double(bound), isIncluded: false), nil) {
            $0 > bound && $0.isFinite
        }
    }

    /// `from 0 to 5`
    public static func `in`(_ range: ClosedRange<Value>) -> Self {
        Self(
            "from \(short(range.lowerBound)) to \(short(range.upperBound))",
            SettingBound(value: Double(range.lowerBound), isIncluded: true),
            SettingBound(value: Double(range.upperBound), isIncluded: true)
        ) { range.contains($0) }
    }

    /// A share or a probability with both ends: `in [0, 1]`.
    public static var share: Self {
        Self("in [0, 1]", SettingBound(value: 0, isIncluded: true), SettingBound(value: 1, isIncluded: true)) {
            $0 >= 0 && $0 <= 1
        }
    }

    /// A share of which 1 would leave nothing: `in [0, 1)`.
    public static var shareBelowOne: Self {
        Self("in [0, 1)", SettingBound(value: 0, isIncluded: true), SettingBound(value: 1, isIncluded: false)) {
            $0 >= 0 && $0 < 1
        }
    }

    /// A share that is not nothing: `in (0, 1]`.
    public static var positiveShare: Self {
        Self("in (0, 1]", SettingBound(value: 0, isIncluded: false), SettingBound(value: 1, isIncluded: true)) {
            $0 > 0 && $0 <= 1
        }
    }

    /// `greater than 0 and at most 1000000`
    public static func above(_ bound: Value, atMost most: Value) -> Self {
        Self(
            "greater than \(short(bound)) and at most \(short(most))",
            SettingBound(value: Double(bound), isIncluded: false), SettingBound(value: Double(most), isIncluded: true)
        ) { $0 > bound && $0 <= most }
    }

    /// A number as a person writes it: `5`, not `5.0`.
    private static func short(_ value: Value) -> String {
        Int(exactly: value).map { "\($0)" } ?? "\(value)"
    }
}
