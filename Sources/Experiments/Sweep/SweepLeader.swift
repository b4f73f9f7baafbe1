import FedCore
import Federation
import Foundation
import MPI
import Recording
import Records
import RunStore
package import Runtime

/// A group's first rank: gets runs from rank 0, has its group do them, and is each run's server.
package final class SweepLeader {
    private let group: SweepGroup
    private let post: SweepPost
    private let stop: StopFlag
    private let reporter: SweepReporter
    /// On rank 0.
    private let queue: SweepQueue?

    package init(_ group: SweepGroup, post: SweepPost, queue: SweepQueue?, stop: StopFlag, reporter: SweepReporter) {
        self.group = group
        self.post = post
        self.queue = queue
        self.stop = stop
        self.reporter = reporter
    }

    /// Does runs until there are none left.
    /// - Returns: whether a rank of any group was lost, so that MPI cannot be finalised.
    /// - Throws: `Interruption` when the sweep is asked to stop, once everything is saved.
    package func run() throws -> Bool {
        do {
            var report = SweepPost.Report()
            while true {
                switch try order(after: report) {
                case .run(let run): report = try perform(run)
                case .end(let hasLostRanks):
                    if !group.hasLostRanks { try tell(.end(hasLostRanks: hasLostRanks)) }
                    return hasLostRanks
                }
            }
        } catch let interruption as Interruption {
            if let queue {
                try queue.waitForSaves()
            } else {
                try post.send(SweepPost.Report(isStopped: true))
            }
            throw interruption
        }
    }

    private func order(after report: SweepPost.Report) throws -> SweepPost.Order {
        guard let queue else {
            try post.send(report)
            return try post.order()
        }
        queue.note(report)
        try queue.serve()
        if let run = queue.take() { return .run(run) }
        try queue.finish()
        return .end(hasLostRanks: queue.hasLostRanks)
    }

    private func tell(_ step: SweepPost.Step) throws {
        for client in group.clients { try post.send(step, to: client) }
    }

    /// - Parameter start: when it was begun with clients that are lost.
    private func perform(_ run: SweepRun, since start: ContinuousClock.Instant = .now) throws -> SweepPost.Report {
        let wasAlone = group.hasLostRanks
        if !wasAlone { try tell(.run(run)) }
        let channel = try group.open()
        let witness = SweepWitness(queue)
        var isUnderWay = false
        var end: SweepOutcome.End
        var isClean = true
        do {
            let lost = try serve(run, over: channel, witness, ready: { isUnderWay = true })
            group.hasLostRanks = group.hasLostRanks || lost
            end = .finished(RunCurve(witness.rounds))
        } catch let interruption as Interruption {
            channel.abandon()
            throw interruption
        } catch let error as ConfigurationError {
            end = .failed(error.description)  // all ranks of the group know it
            isClean = !isUnderWay
        } catch is NoClientRanks {
            // From where it had come, to the same weights.
            group.hasLostRanks = true
            try close(channel, isClean: false, wasAlone: wasAlone)
            reporter.warn("\(run.name): no client rank is left; rank \(group.leader) does it alone")
            return try perform(run, since: start)
        } catch let error where isUnderWay && !(error is MPIError) {
            end = .failed(error.line)
            isClean = false
        }
        group.hasLostRanks = group.hasLostRanks || witness.hasLostRanks
        try close(channel, isClean: isClean, wasAlone: wasAlone)
        let outcome = SweepOutcome(index: run.index, end: end, seconds: (ContinuousClock.now - start).seconds)
        return SweepPost.Report(outcome: outcome, hasLostRanks: group.hasLostRanks)
    }

    /// Ends a run's messages, with all ranks of the group that are left.
    private func close(_ channel: RunChannel, isClean: Bool, wasAlone: Bool) throws {
        let hasJustLostRanks = group.hasLostRanks && !wasAlone
        guard isClean, !hasJustLostRanks else {
            channel.abandon()
            if !wasAlone { try tell(group.hasLostRanks ? .end(hasLostRanks: true) : .abandon) }
            return
        }
        if !wasAlone { try tell(.settle) }
        if try !channel.settle() {
            group.hasLostRanks = true
            try tell(.end(hasLostRanks: true))
        }
    }

    /// - Returns: whether a rank was lost.
    private func serve(
        _ run: SweepRun, over channel: RunChannel, _ witness: SweepWitness, ready: @escaping () -> Void
    ) throws -> Bool {
        let troubles = OutputTroubles { [warn = reporter.warn] in warn("\(run.name): \($0)") }
        let timekeeper = Timekeeper(channel, isOn: run.isTimed, sink: RunOutputs.openTimingFiles(troubles))
        var resumed: ResumedRun?
        let problem = try timekeeper.metered(channel).agree {
            resumed = try run.resumed(warn: reporter.warn)
            do {
                try resumed?.earlierRecords.forEachRound { witness.add($0) }
            } catch {
                troubles.note("its first rounds are missing in the table: \(OutputTroubles.reason(error))")
            }
        }
        if let problem { throw problem }
        var outputs: RunOutputs?
        defer {
            if case .failure(let error) = outputs?.checkpoints.outcomeOfStop {
                reporter.warn(
                    "\(run.name) was stopped, and not saved: \(OutputTroubles.reason(error))")
            }
            if let summary = troubles.summary { troubles.note(summary) }
        }
        let hasLostRanks = try Session.run(
            run.settings, resuming: resumed?.state, stop: stop, on: channel, timekeeper: timekeeper,
            observers: { job in
                let made = try RunOutputs(job, resuming: resumed, run.outputs, troubles)
                timekeeper.folder = made.folder.url.standardizedFileURL.path
                outputs = made
                return made.observers + reporter.observers(job, run) + [witness]
            }, ready: ready)
        outputs?.history?.noteFiles()
        return hasLostRanks
    }
}

/// Sees what became of a run, and lets rank 0 answer the other groups meanwhile.
private final class SweepWitness: RoundObserver {
    private let queue: SweepQueue?
    private var failure: (any Error)?
    /// Rounds of the whole run.
    private(set) var rounds: [RunCurve.Round] = []
    private(set) var hasLostRanks = false

    init(_ queue: SweepQueue?) {
        self.queue = queue
    }

    var wantsProgress: Bool { queue != nil }

    func progressed(round: Int, fraction: Double) {
        do { try queue?.serve() } catch { failure = error }
    }

    func roundFinished(_ record: RoundRecord) throws {
        add(record)
        if let failure { throw failure }
        try queue?.serve()
    }

    func add(_ record: RoundRecord) {
        rounds.append(RunCurve.Round(record))
    }

    func faulted(_ fault: FaultRecord) {
        if fault.kind == .rankLost || fault.kind == .rankDropped { hasLostRanks = true }
    }
}
