import Aggregation
import Devices
package import FedCore
import NeuralNet
import Records
import Selection

extension Job {
    /// The metrics that the run's parts measure in each round, in the order of the columns: of the task, attack,
    /// simulated time, encoded bytes, network, staleness, then strategy, aggregation, selection and stages.
    package var metrics: [Metric] {
        // What is tested elsewhere comes as loss and confusion alone.
        let isTestedHere = !model.isExternal && strategy.personalization != .parameters
        var metrics = (isTestedHere ? task.metrics : []) + (attack?.metrics ?? [])
        if settings.simulation.isVirtual { metrics.append(.simulatedSeconds) }
        if measuresCodedBytes { metrics += [.codedPlaces, .codedScales, .codedSymbols, .codedEntropy] }
        if codecSchedule != nil { metrics.append(.codecLevel) }
        if settings.topology != .flat { metrics.append(.networkBytes) }
        if let privacy { metrics += ServerPrivacy.metrics(privacy) }
        if samplePrivacy != nil { metrics += SampleMeter.metrics }
        if secure != nil, edges == nil { metrics += Metric.secureAggregation }
        if edges != nil { metrics.append(.wanBytes) }
        if let fleet { metrics += FleetRound.metrics(fleet.fleet) }
        if settings.offlineUpdates > 0 { metrics += FleetRound.offlineMetrics }
        if asynchronous != nil { metrics += [.stalenessMean, .stalenessMax] }
        metrics += submodels?.narrower.map(\.metric) ?? scores?.metrics ?? []
        let parts: [any Measuring] = [strategy, aggregation, selection] + stages
        return metrics + parts.flatMap(\.metrics)
    }

    /// Whether the bytes of encoded updates are counted by what they say: in rounds with a codec, but for sums.
    var measuresCodedBytes: Bool {
        settings.compress != nil && asynchronous == nil && edges == nil && wire.deliversEachUpdate
    }

    /// When the codec changes; nil for one that does not.
    var codecSchedule: CodecSchedule? {
        compression.flatMap { $0.codec.levels.count > 1 ? CodecSchedule($0.codec.levels) : nil }
    }

    /// Traps when two metrics, or a metric and a field of `RoundRecord`, have one name: a record could not tell them
    /// apart. Names are constants of the program, so this is a programming error and no user's.
    func checkMetrics() {
        let names = metrics.map(\.name)
        precondition(Set(names).count == names.count, "two parts of the run measure a metric of the same name")
        precondition(RoundRecord.fields.isDisjoint(with: names), "a metric has the name of a record's field")
    }
}
