import FedMPI

/// Prints a line a round, and the digest of the final weights, which is the same at any number of ranks.
final class RoundPrinter: RoundObserver {
    func runStarted(_ run: RunDescription) {
        print("\(run.settings.strategy) on \(run.model), \(run.layout.count) parameters; \(run.stages)")
    }

    func roundFinished(_ record: RoundRecord) {
        let loss = record.trainLoss.map { "loss \($0.rounded(places: 4))" } ?? "no loss"
        let accuracy = record.accuracy.map { ", accuracy \($0.rounded(places: 4))" } ?? ""
        print("round \(record.round): \(loss)\(accuracy)")
    }

    func runFinished(_ summary: RunSummary, weights: Span<Float>) {
        print("weights \(weightsDigest(weights))")
    }
}

extension Double {
    fileprivate func rounded(places: Int) -> Double {
        let unit = (0..<places).reduce(1.0) { unit, _ in unit * 10 }
        return (self * unit).rounded() / unit
    }
}
