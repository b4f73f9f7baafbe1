import Records

extension RoundRecord {
    /// Fills in the clients' part of the record from the last attempt.
    ///
    /// The loss is Σ nᵢ·lossᵢ / Σ nᵢ, summed in the order of client numbers, so that neither placement on ranks nor the
    /// order of arrival shows in its bits.
    /// - Parameters:
    ///   - tally: results of the clients whose update counted, and counts of the others.
    ///   - seconds: wall time of the round, all attempts.
    ///   - trained: samples that a client trained on, each as often as it did; for the throughput.
    mutating func finish(_ tally: RoundTally, seconds: Double, trained: (LocalResult) -> Int) {
        let ordered = tally.results.sorted { $0.client < $1.client }.map(\.result)
        participants = ordered.count
        partial = ordered.count { $0.status == .partial }
        (rejected, late, dropped) = (tally.rejected, tally.late, tally.dropped)
        samples = tally.totals?.samples ?? ordered.reduce(0) { $0 + $1.samples }
        let loss = tally.totals?.loss ?? ordered.reduce(0.0) { $0 + Double($1.samples) * $1.loss }
        trainLoss = samples > 0 ? loss / Double(samples) : nil
        self.seconds = seconds
        samplesPerSecond = Double(tally.totals?.trained ?? ordered.reduce(0) { $0 + trained($1) }) / seconds
    }
}
