import Aggregation
import Devices
package import FedCore
import Records
import Selection

extension Job {
    /// What the run's parts measure in each round, in the order of the columns.
    package var metrics: [Metric] {
        var metrics = attack?.metrics ?? []
        if settings.simulation.isVirtual { metrics.append(.simulatedSeconds) }
        if asynchronous != nil { metrics += [.stalenessMean, .stalenessMax] }
        let parts: [any Measuring] = [strategy, aggregation, selection] + stages
        return metrics + parts.flatMap(\.metrics)
    }

    /// Refuses metrics that could not be told apart in a record.
    func checkMetrics() {
        let names = metrics.map(\.name)
        precondition(Set(names).count == names.count, "two parts of the run measure a metric of the same name")
        precondition(RoundRecord.fields.isDisjoint(with: names), "a metric has the name of a record's field")
    }
}
