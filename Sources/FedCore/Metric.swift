/// The declaration of a quantity that a run measures in its rounds.
///
/// The part that measures it (``Measuring``) declares it once; the round table, the logs, the history, TensorBoard, the
/// report and comparisons then show it without knowing it.
public struct Metric: Codable, Sendable, Hashable {
    /// Key in files: lower-case words with underscores, as in `attack_success`.
    public var name: String
    /// Heading of its column, as in `simulated s`.
    public var title: String
    /// Unit of the value; empty when it has none.
    public var unit: String
    /// Whether it is a share in [0, 1], shown as a percentage.
    public var isShare: Bool
    /// Number of decimal places that are shown.
    public var decimals: Int
    /// The direction in which values get better; nil when there is none.
    public var better: Direction?
    /// The reduction of a whole run's values to one.
    public var whole: Whole
    /// Heading under which its curve is shown, e.g. `time`.
    public var group: String
    /// Whether it has a column in the table of rounds that a running run prints.
    public var isInTable: Bool

    /// The direction in which values of a metric get better.
    public enum Direction: String, Codable, Sendable {
        case higher, lower
    }

    /// The reduction of a whole run's values to one.
    public enum Whole: String, Codable, Sendable {
        /// The last value.
        case last
        /// The sum of all values.
        case sum
        /// The largest value.
        case largest
        /// The mean of all values.
        case mean
    }

    /// Declares a metric; by default a number without unit, four decimals, whose last value stands for the run.
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

    /// The title, with the word that it is simulated where its group says so: for places that do not show the group.
    public var label: String {
        group.hasPrefix("simulated") && !title.contains("simulated") ? "\(title), simulated" : title
    }

    /// The text behind a whole run's value: its unit, how it was reduced, and which values are better.
    public var suffix: String {
        let notes = [
            whole == .largest ? "the largest" : whole == .mean ? "mean of the rounds" : nil,
            better.map { "\($0.rawValue) is better" },
        ]
        let text = notes.compactMap { $0 }.joined(separator: "; ")
        return (unit.isEmpty || namesItsUnit ? "" : " \(unit)") + (text.isEmpty ? "" : " (\(text))")
    }

    /// Whether the unit is a word of the title, so that it need not be said again.
    public var namesItsUnit: Bool { title.split(separator: " ").contains { $0 == unit } }

    /// The one value that stands for a whole run.
    /// - Parameter values: the values of its rounds, in their order.
    /// - Returns: nil without values.
    public func whole(of values: some Sequence<Double>) -> Double? {
        let values = Array(values)
        return switch whole {
        case .last: values.last
        case .sum: values.isEmpty ? nil : values.reduce(0, +)
        case .largest: values.max()
        case .mean: values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
        }
    }
}

extension Metric {
    /// Seconds that a round would have taken on the simulated devices.
    public static let simulatedSeconds = Metric(
        "simulated_seconds", title: "simulated s", unit: "s", decimals: 3, better: .lower, whole: .sum, group: "time")
    /// Mean staleness of a step's updates, in versions: see ``AsynchronousStrategy``.
    public static let stalenessMean = Metric(
        "staleness_mean", title: "staleness", decimals: 2, better: .lower, group: "clients")
    /// Staleness of a step's stalest update, in versions.
    public static let stalenessMax = Metric(
        "staleness_max", title: "largest staleness", decimals: 0, better: .lower, whole: .largest, group: "clients",
        isInTable: false)
    /// Bytes that crossed between the groups of ranks of a topology, both ways, as the program meant it.
    public static let networkBytes = Metric(
        "network_bytes", title: "network bytes", unit: "bytes", decimals: 0, better: .lower, whole: .sum,
        group: "bytes",
        isInTable: false)
    /// ε of differential privacy that the rounds so far have spent, at the run's δ.
    public static let epsilon = Metric(
        "epsilon", title: "epsilon", decimals: 3, better: .lower, group: "privacy")
    /// ε after one more round.
    public static let epsilonNext = Metric(
        "epsilon_next", title: "epsilon after another round", decimals: 3, better: .lower, group: "privacy",
        isInTable: false
    )
    /// Bytes that crossed between the edges of a hierarchy and the cloud, both ways; what clients sent their edges, and got
    /// of them, is a record's upload and download.
    public static let wanBytes = Metric(
        "wan_bytes", title: "bytes to the cloud", unit: "bytes", decimals: 0, better: .lower, whole: .sum,
        group: "bytes",
        isInTable: false)
    /// Simulated joules of training and transfers since the run's start, of all devices of a fleet.
    public static let joulesSoFar = Metric(
        "joules_so_far", title: "simulated J so far", unit: "J", decimals: 0, better: .lower,
        group: "simulated joules so far", isInTable: false)
    /// Share of the test samples of other classes that are taken for a backdoor's target class when they bear its
    /// trigger.
    public static let attackSuccess = Metric(
        "attack_success", title: "backdoor", isShare: true, decimals: 2, better: .lower, group: "accuracy")

    /// The metrics that may have values in files of runs that declare none.
    public static let wellKnown: [Metric] =
        [
            attackSuccess, simulatedSeconds, stalenessMean, stalenessMax, networkBytes, wanBytes, epsilon, epsilonNext,
            codedPlaces, codedScales,
            codedSymbols, codedEntropy, joulesSoFar,
        ] + secureAggregation

    /// The declarations of measured metrics: those of the run first, then the well-known ones, then one made of the
    /// bare name for each that nobody has declared.
    /// - Parameters:
    ///   - names: names that have values.
    ///   - declared: metrics that the run declares.
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
