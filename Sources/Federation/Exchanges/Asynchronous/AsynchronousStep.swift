import Records

/// What led to a step of an asynchronous server.
struct AsynchronousStep: Sendable, Equatable {
    /// Clients that were sent weights.
    var starts = 0
    /// Turns that ended.
    private(set) var ends = 0
    /// Whose they were.
    private(set) var ended: Set<Int> = []
    /// Staleness of each update in the step, in the order of use.
    var staleness: [Int] = []

    /// In virtual time since the step before; nil when no time is simulated.
    var seconds: Double?

    /// Ascending.
    var clients: [Int] { ended.sorted() }

    /// Counts a turn that ended.
    mutating func end(_ client: Int) {
        ends += 1
        ended.insert(client)
    }

    /// What a record says of it, as if it had been a round.
    func report(frameBytes: Int) -> ExchangeReport {
        var report = ExchangeReport()
        (report.clients, report.cohort) = (clients, ends)
        report.download = starts * frameBytes
        (report.seconds, report.staleness) = (seconds, staleness)
        return report
    }
}
