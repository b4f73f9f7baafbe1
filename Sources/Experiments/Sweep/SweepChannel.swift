import Foundation
package import MPI
package import Runtime

/// The messages between the ranks of a sweep while no run is under way: JSON, point to point.
///
/// Leaders report to rank 0 and get orders, and they pass steps on to their clients. A message is a few hundred bytes,
/// and there are a few for each run, so that a readable format costs nothing. The messages have a communicator of their
/// own and thus cannot meet those of a run.
package final class SweepChannel {
    /// What rank 0 tells a leader in answer to a report.
    enum Order: Codable {
        /// Do this run.
        case run(SweepRun)
        /// There are no more runs. The flag says whether any group has lost a rank, which decides how the job ends.
        case end(hasLostRanks: Bool)
    }

    /// What a leader tells the clients of its group.
    enum Step: Codable {
        /// Take part in this run.
        case run(SweepRun)
        /// The run has come to its end: empty and free its channel.
        case settle
        /// The run has failed: what it used is left unfreed.
        case abandon
        /// There are no more runs for this rank, either at the sweep's end or because its group has lost a rank.
        case end(hasLostRanks: Bool)
    }

    /// What a leader tells rank 0 when it asks for a run.
    struct Report: Codable {
        /// The outcome of the run it has done; nil before its first run and when it stops.
        var outcome: SweepOutcome?
        /// Whether its group has lost a rank.
        var hasLostRanks = false
        /// Whether it was asked to stop and has saved; it then asks for no further run.
        var isStopped = false
    }

    /// Tags within the sweep's communicator; steps share that of orders, because a rank is sent only one of the two.
    private enum Tag {
        static let order = 1
        static let report = 2
    }

    /// A duplicate of the world.
    private let ranks: any Communicator
    /// Ends every wait.
    private let stop: StopFlag

    /// Duplicates the world for these messages. Collective over the world.
    ///
    /// - Parameters:
    ///   - world: all ranks of the job.
    ///   - stop: raised when the sweep is asked to stop.
    /// - Throws: `MPIError`.
    package init(_ world: any Communicator, stop: StopFlag) throws {
        ranks = try world.duplicate()
        self.stop = stop
    }

    /// Sends an order from rank 0 to a leader, given its rank in the world.
    func send(_ order: Order, to rank: Int) throws { try send(order, to: rank, tag: Tag.order) }

    /// Sends a step from a leader to one of its clients, given its rank in the world.
    func send(_ step: Step, to rank: Int) throws { try send(step, to: rank, tag: Tag.order) }

    /// Sends a report from a leader to rank 0. With a busy rank 0 it may block until rank 0 looks.
    func send(_ report: Report) throws { try send(report, to: 0, tag: Tag.report) }

    /// Sleeps until rank 0 has an order for this leader.
    ///
    /// - Throws: `Interruption` when the sweep is asked to stop; `MPIError`; `DecodingError`.
    func order() throws -> Order { try wait(for: Order.self, from: 0) }

    /// Sleeps until the leader has said what comes next.
    ///
    /// - Parameter leader: its rank in the world.
    /// - Throws: `Interruption` when the sweep is asked to stop; `MPIError`; `DecodingError`.
    func step(from leader: Int) throws -> Step { try wait(for: Step.self, from: leader) }

    /// Sleeps until a message from a rank has come, looking at the stop flag meanwhile.
    private func wait<Value: Decodable>(for type: Value.Type, from rank: Int) throws -> Value {
        var value: Value?
        _ = try Backoff.default.wait { () throws in
            try stop.check()
            value = try receive(type, from: rank, tag: Tag.order)?.value
            return value != nil
        }
        guard let value else { preconditionFailure("the wait ends with a message") }
        return value
    }

    /// The next report from any leader, if one has come. Does not block.
    ///
    /// - Returns: the sender's rank in the world with its report; nil when none is waiting.
    func report() throws -> (rank: Int, report: Report)? {
        try receive(Report.self, from: nil, tag: Tag.report).map { (rank: $0.source, report: $0.value) }
    }

    /// Sends a value and waits for a limited time until MPI is done with it.
    ///
    /// A dead rank never receives, so that a leader would hang on an order or a step to it: after a second the message
    /// is leaked and the sender goes on. A report may wait for a day, because rank 0 answers only when it looks. In
    /// either case a raised stop flag ends the wait after a tenth of a second.
    private func send(_ value: some Encodable, to rank: Int, tag: Int) throws {
        var request = try ranks.startSend(Buffer([UInt8](try JSONEncoder().encode(value))), to: rank, tag: tag)
        let deadline = ContinuousClock.now + (tag == Tag.report ? .seconds(86_400) : .seconds(1))
        while try !request.wait(until: min(deadline, .now + .milliseconds(100))) {
            if !stop.isRaised, ContinuousClock.now < deadline { continue }
            return
        }
    }

    /// Takes a message of known type that is already waiting.
    ///
    /// - Parameters:
    ///   - type: what the bytes decode to.
    ///   - rank: the sender; nil takes any.
    ///   - tag: the kind of message.
    /// - Returns: nil when no such message is waiting.
    private func receive<Value: Decodable>(
        _ type: Value.Type, from rank: Int?, tag: Int
    ) throws -> (source: Int, value: Value)? {
        guard let status = try ranks.iprobe(from: rank, tag: tag) else { return nil }
        var bytes = Buffer<UInt8>(count: status.byteCount)
        try ranks.receive(into: &bytes, from: status.source, tag: tag)
        return (status.source, try JSONDecoder().decode(type, from: Data(bytes.array())))
    }
}

/// What became of one run of a sweep.
package struct SweepOutcome: Codable, Equatable {
    /// How a run ended.
    package enum End: Codable, Equatable {
        /// It went through all its rounds, with this curve.
        case finished(RunCurve)
        /// It failed; the reason is one line for the user.
        case failed(String)
    }

    /// The run's `SweepRun.index`.
    package let index: Int
    /// How the run ended.
    package let end: End
    /// Wall-clock seconds that it took in this job, without the time of an interrupted one before.
    package let seconds: Double
}
