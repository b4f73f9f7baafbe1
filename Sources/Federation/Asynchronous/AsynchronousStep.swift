import Records

/// What led to a step of an asynchronous server.
package struct AsynchronousStep: Sendable, Equatable {
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

    /// Corrects what a record says as if this had been a round.
    func describe(_ record: inout RoundRecord, frameBytes: Int) {
        record.simulatedSeconds = seconds
        record.cohort = ends
        record.downloadBytes = starts * frameBytes
        record.stalenessMax = staleness.max()
        guard !staleness.isEmpty else { return }
        record.stalenessMean = Double(staleness.reduce(0, +)) / Double(staleness.count)
    }
}

extension Exchange {
    package var step: AsynchronousStep? { nil }
    package var asynchronousState: [UInt8] { [] }
}
