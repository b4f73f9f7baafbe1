/// An end of a range.
public struct SettingBound: Sendable, Equatable {
    public let value: Double
    /// Whether the value itself is accepted.
    public let isIncluded: Bool

    public init(value: Double, isIncluded: Bool) {
        (self.value, self.isIncluded) = (value, isIncluded)
    }
}

/// The values that a setting accepts, and the words that end the sentence "it must be …".
public struct SettingDomain<Value: Sendable>: Sendable {
    private struct Clause: Sendable {
        let words: String
        let accepts: @Sendable (Value) -> Bool
    }

    private var clauses: [Clause]
    /// nil: there is none.
    public private(set) var minimum: SettingBound?
    /// nil: there is none.
    public private(set) var maximum: SettingBound?

    /// Accepts what the function accepts.
    /// - Parameter words: e.g. `at least 1`.
    public init(_ words: String, where accepts: @escaping @Sendable (Value) -> Bool) {
        clauses = [Clause(words: words, accepts: accepts)]
    }

    /// Accepts every value of the type.
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

    /// What a value must be; empty: anything.
    public var words: String { clauses.map(\.words).joined(separator: " and ") }

    /// What is said of a value that is not accepted; nil: it is.
    public func refusal(of value: Value) -> String? {
        clauses.first { !$0.accepts(value) }?.words
    }

    /// Accepts what both accept. A value that one of them refuses is answered with that one's words.
    public func and(_ other: Self) -> Self {
        var both = self
        both.clauses += other.clauses
        both.minimum = minimum ?? other.minimum
        both.maximum = maximum ?? other.maximum
        return both
    }

    /// Says "from 1 to 10 seconds" instead of "from 1 to 10".
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

    /// `5`, not `5.0`.
    private static func short(_ value: Value) -> String {
        Int(exactly: value).map { "\($0)" } ?? "\(value)"
    }
}
