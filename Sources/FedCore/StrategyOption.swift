/// A setting of a strategy, a number.
public struct StrategyOption<S>: Sendable {
    public let name: String
    /// What it is, with its symbol in the paper.
    public let summary: String
    public let range: AcceptedRange
    public let property: WritableKeyPath<S, Double> & Sendable

    public init(
        _ name: String, _ property: WritableKeyPath<S, Double> & Sendable, _ range: AcceptedRange, _ summary: String
    ) {
        self.name = name
        self.property = property
        self.range = range
        self.summary = summary
    }
}

/// The numbers that a setting accepts; never NaN or infinite.
public struct AcceptedRange: Sendable, Equatable {
    private let lowest: Double
    private let highest: Double
    private let includesLowest: Bool
    private let includesHighest: Bool

    public static func atLeast(_ lowest: Double) -> AcceptedRange {
        AcceptedRange(lowest: lowest, highest: .infinity, includesLowest: true, includesHighest: false)
    }

    public static func above(_ lowest: Double) -> AcceptedRange {
        AcceptedRange(lowest: lowest, highest: .infinity, includesLowest: false, includesHighest: false)
    }

    /// [0, 1): a decay.
    public static let decay = AcceptedRange(lowest: 0, highest: 1, includesLowest: true, includesHighest: false)

    /// [0, 1]: a share.
    public static let share = AcceptedRange(lowest: 0, highest: 1, includesLowest: true, includesHighest: true)

    public func contains(_ value: Double) -> Bool {
        (includesLowest ? value >= lowest : value > lowest) && (includesHighest ? value <= highest : value < highest)
    }

    /// In words, after "must be".
    public var words: String {
        highest == .infinity
            ? (includesLowest ? "at least \(lowest)" : "greater than \(lowest)")
            : "in \(includesLowest ? "[" : "(")\(lowest), \(highest)\(includesHighest ? "]" : ")")"
    }
}

extension Strategy {
    /// A strategy with these settings, `name: value`; what is not named keeps its default.
    /// - Throws: `ConfigurationError` that lists the settings, or says what one accepts.
    public init(settings: [String: String]) throws(ConfigurationError) {
        self.init()
        for (name, text) in settings.sorted(by: { $0.key < $1.key }) {
            guard let option = Self.options.first(where: { $0.name == name }) else {
                guard !Self.options.isEmpty else {
                    throw ConfigurationError("strategy '\(Self.name)' has no settings, and was given '\(name)'")
                }
                throw ConfigurationError(
                    unknown: "setting of strategy '\(Self.name)'", name, choices: Self.options.map(\.name))
            }
            guard let value = Double(text), option.range.contains(value) else {
                throw ConfigurationError(
                    "setting '\(name)' of strategy '\(Self.name)' is '\(text)'; it must be \(option.range.words)")
            }
            self[keyPath: option.property] = value
        }
    }
}
