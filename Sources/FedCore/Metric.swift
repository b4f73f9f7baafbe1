/// One thing that a run measures in its rounds. The part that measures it declares it once; from there it stands in the round
/// table, the logs, the history, TensorBoard, the report and comparisons.
public struct Metric: Codable, Sendable, Hashable {
    /// Key in files: lower-case words with underscores, as in `attack_success`.
    public var name: String
    /// Heading of its column, as in `simulated s`.
    public var title: String
    /// Unit of the value; empty when it has none.
    public var unit: String
    /// Whether it is a share in [0, 1], shown as a percentage.
    public var isShare: Bool
    /// Decimal places that are shown.
    public var decimals: Int
    /// Which values are better; nil: neither.
    public var better: Direction?
    /// What stands for a whole run.
    public var whole: Whole
    /// What it is grouped under where curves are shown, e.g. `time`.
    public var group: String
    /// Whether it has a column in the table of rounds while a run goes on.
    public var isInTable: Bool

    /// Which values of a metric are better.
    public enum Direction: String, Codable, Sendable {
        case higher, lower
    }

    /// What stands for a whole run of a metric's values.
    public enum Whole: String, Codable, Sendable {
        /// The last one.
        case last
        case sum
        case largest
    }

    /// Declares a metric.
    public init(
        _ name: String, title: String, unit: String = "", isShare: Bool = false, decimals: Int = 4,
        better: Direction? = nil, whole: Whole = .last, group: String = "metrics", isInTable: Bool = true
    ) {
        self.name = name
        self.title = title
        self.unit = unit
        self.isShare = isShare
        self.decimals = decimals
        self.better = better
        self.whole = whole
        self.group = group
        self.isInTable = isInTable
    }

    /// What stands behind a value for a whole run: its unit, how it was found, and which values are better.
    public var suffix: String {
        let notes = [whole == .largest ? "the largest" : nil, better.map { "\($0.rawValue) is better" }]
        let text = notes.compactMap { $0 }.joined(separator: "; ")
        return (unit.isEmpty ? "" : " \(unit)") + (text.isEmpty ? "" : " (\(text))")
    }

    /// What stands for a run of these values, in the order of its rounds; nil without any.
    public func whole(of values: some Sequence<Double>) -> Double? {
        let values = Array(values)
        return switch whole {
        case .last: values.last
        case .sum: values.isEmpty ? nil : values.reduce(0, +)
        case .largest: values.max()
        }
    }
}

extension Metric {
    /// How long a round would have taken, where time is simulated.
    public static let simulatedSeconds = Metric(
        "simulated_seconds", title: "simulated s", unit: "s", decimals: 3, better: .lower, whole: .sum, group: "time")
    /// Versions between the weights that updates were trained from and those that they moved, in the mean.
    public static let stalenessMean = Metric(
        "staleness_mean", title: "staleness", decimals: 2, better: .lower, group: "clients")
    /// The same, of the stalest update.
    public static let stalenessMax = Metric(
        "staleness_max", title: "largest staleness", decimals: 0, better: .lower, whole: .largest, group: "clients",
        isInTable: false)
    /// Share of the test samples of other classes that, with the trigger of an attack on them, are taken for its class.
    public static let attackSuccess = Metric(
        "attack_success", title: "backdoor", isShare: true, decimals: 2, better: .lower, group: "accuracy")

    /// What files of runs that declare no metrics may have.
    public static let wellKnown: [Metric] = [attackSuccess, simulatedSeconds, stalenessMean, stalenessMax]

    /// The descriptions of what was measured, in the order of their declarations; of what nobody has declared, one that
    /// shows its name.
    /// - Parameters:
    ///   - names: of what has values.
    ///   - declared: by the run.
    public static func describing(_ names: Set<String>, by declared: [Metric]) -> [Metric] {
        var found: [Metric] = []
        for metric in declared + wellKnown
        where names.contains(metric.name) && !found.contains(where: { $0.name == metric.name }) {
            found.append(metric)
        }
        let strangers = names.subtracting(found.map(\.name)).sorted()
        return found + strangers.map { Metric($0, title: $0.split(separator: "_").joined(separator: " ")) }
    }
}
