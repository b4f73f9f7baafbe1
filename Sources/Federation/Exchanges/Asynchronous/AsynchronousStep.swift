import Records

/// What led to a step of an asynchronous server, counted for the round's record.
struct AsynchronousStep: Sendable, Equatable {
    /// Clients that were sent weights since the step before, each as often as it was.
    var starts = 0
    /// Turns that ended, with or without an update.
    private(set) var ends = 0
    /// The clients whose turns ended.
    private(set) var ended: Set<Int> = []
    /// Staleness of each update in the step, in the order of use.
    var staleness: [Int] = []

    /// Virtual seconds since the step before; nil when no time is simulated.
    var seconds: Double?

    /// The clients whose turns ended, ascending.
    var clients: [Int] { ended.sorted() }

    /// Counts a turn that ended, whatever came of it.
    mutating func end(_ client: Int) {
        ends += 1
        ended.insert(client)
    }

    /// The step as a record shows it, as if it had been a round.
    /// - Parameter frameBytes: bytes that go down to one client.
    func report(frameBytes: Int) -> ExchangeReport {
        var report = ExchangeReport()
        (report.clients, report.cohort) = (clients, ends)
        report.download = starts * frameBytes
        (report.seconds, report.staleness) = (seconds, staleness)
        return report
    }
}
