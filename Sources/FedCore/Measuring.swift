/// A part of the server that measures something in each round.
public protocol Measuring {
    /// What it measures; the same in all rounds of a run.
    var metrics: [Metric] { get }

    /// What it has measured in the last round, by the metrics' names.
    var measurements: [String: Double] { get }
}

extension Measuring {
    public var metrics: [Metric] { [] }
    public var measurements: [String: Double] { [:] }
}
