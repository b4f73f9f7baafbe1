import Foundation
package import MPI
package import Runtime

/// What the ranks of a sweep say to each other between runs, point to point: JSON, of a few hundred bytes as a rule.
package final class SweepPost {
    /// What rank 0 tells a leader.
    enum Order: Codable {
        case run(SweepRun)
        case end(hasLostRanks: Bool)
    }

    /// What a leader tells the clients of its group.
    enum Step: Codable {
        case run(SweepRun)
        /// The run has come to its end.
        case settle
        /// The run has failed: what it used is left as it is.
        case abandon
        /// There are no more runs for this rank.
        case end(hasLostRanks: Bool)
    }

    /// What a leader tells rank 0 when it asks for a run.
    struct Report: Codable {
        /// Outcome of the run it has done; nil: it has done none.
        var outcome: SweepOutcome?
        var hasLostRanks = false
        /// It was asked to stop and has saved.
        var isStopped = false
    }

    private enum Tag {
        static let order = 1
        static let report = 2
    }

    private let ranks: any Communicator
    private let stop: StopFlag

    /// Collective.
    package init(_ world: any Communicator, stop: StopFlag) throws {
        ranks = try world.duplicate()
        self.stop = stop
    }

    func send(_ order: Order, to rank: Int) throws { try send(order, to: rank, tag: Tag.order) }

    func send(_ step: Step, to rank: Int) throws { try send(step, to: rank, tag: Tag.order) }

    func send(_ report: Report) throws { try send(report, to: 0, tag: Tag.report) }

    /// Sleeps until rank 0 has an order for this leader.
    /// - Throws: `Interruption` when the sweep is asked to stop.
    func order() throws -> Order { try wait(for: Order.self, from: 0) }

    /// Sleeps until the leader has said what comes next.
    /// - Throws: `Interruption` when the sweep is asked to stop.
    func step(from leader: Int) throws -> Step { try wait(for: Step.self, from: leader) }

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

    /// The next report, if one has come.
    func report() throws -> (rank: Int, report: Report)? {
        try receive(Report.self, from: nil, tag: Tag.report).map { (rank: $0.source, report: $0.value) }
    }

    /// Waits a second at most for a receiver: one that is dead never comes, and the message is leaked then.
    private func send(_ value: some Encodable, to rank: Int, tag: Int) throws {
        var request = try ranks.startSend(Buffer([UInt8](try JSONEncoder().encode(value))), to: rank, tag: tag)
        let deadline = ContinuousClock.now + (tag == Tag.report ? .seconds(86_400) : .seconds(1))
        while try !request.wait(until: min(deadline, .now + .milliseconds(100))) {
            if !stop.isRaised, ContinuousClock.now < deadline { continue }
            return
        }
    }

    private func receive<Value: Decodable>(
        _ type: Value.Type, from rank: Int?, tag: Int
    ) throws -> (source: Int, value: Value)? {
        guard let status = try ranks.iprobe(from: rank, tag: tag) else { return nil }
        var bytes = Buffer<UInt8>(count: status.byteCount)
        try ranks.receive(into: &bytes, from: status.source, tag: tag)
        return (status.source, try JSONDecoder().decode(type, from: Data(bytes.array())))
    }
}

/// What became of a run.
package struct SweepOutcome: Codable, Equatable {
    package enum End: Codable, Equatable {
        case finished(RunCurve)
        /// For this reason.
        case failed(String)
    }

    /// `SweepRun.index`
    package let index: Int
    package let end: End
    /// That it took here, without what an interrupted run had taken before.
    package let seconds: Double
}
