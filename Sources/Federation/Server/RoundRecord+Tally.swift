import Records

extension RoundRecord {
    /// The clients' part of the record. Sums in the order of clients, so that placement does not show in the loss.
    /// - Parameter trained: samples that a client trained on, each as often as it did.
    mutating func finish(_ tally: RoundTally, seconds: Double, trained: (LocalResult) -> Int) {
        let ordered = tally.results.sorted { $0.client < $1.client }.map(\.result)
        participants = ordered.count
        partial = ordered.count { $0.status == .partial }
        (rejected, late, dropped) = (tally.rejected, tally.late, tally.dropped)
        samples = ordered.reduce(0) { $0 + $1.samples }
        trainLoss =
            samples > 0 ? ordered.reduce(0.0) { $0 + Double($1.samples) * $1.loss } / Double(samples) : nil
        self.seconds = seconds
        samplesPerSecond = Double(ordered.reduce(0) { $0 + trained($1) }) / seconds
    }
}
