/// A part of the server that measures something in each round: a strategy, an aggregation rule or a stage. It measures
/// nothing by default.
public protocol Measuring {
    /// The metrics that it measures; the same in all rounds of a run.
    var metrics: [Metric] { get }

    /// The values of the last round, by the metrics' names; a metric without a value is missing.
    var measurements: [String: Double] { get }
}

extension Measuring {
    public var metrics: [Metric] { [] }
    public var measurements: [String: Double] { [:] }
}
