import FedCore
import Federation
import Foundation
import MPI
import Recording
import Records
import RunStore
package import Runtime

/// The first rank of a group: gets runs from rank 0, has its group do them, and is the server of each.
///
/// Rank 0 is a leader, too: it takes its runs from its own queue, and answers the other leaders between its rounds and
/// while its clients train. A run that fails does not end the sweep: the failure is its outcome, and the next run
/// begins. An error that leaves the ranks' messages in doubt ends the job.
package final class SweepLeader {
    /// The ranks it leads.
    private let group: SweepGroup
    /// Messages to rank 0 and to the group's clients.
    private let messages: SweepChannel
    /// Raised by a signal handler.
    private let stop: StopFlag
    /// Receives warnings, and adds observers to each run.
    private let reporter: SweepReporter
    /// The list of runs; on rank 0 only, elsewhere nil.
    private let queue: SweepQueue?

    /// Makes the rank's part; sends and receives nothing.
    ///
    /// - Parameters:
    ///   - group: the group whose first rank this is.
    ///   - messages: the messages of the sweep, over all ranks.
    ///   - queue: on rank 0 the list of runs; nil on all other leaders.
    ///   - stop: raised when the job is asked to stop.
    ///   - reporter: receives warnings, and adds observers to each run.
    package init(
        _ group: SweepGroup, messages: SweepChannel, queue: SweepQueue?, stop: StopFlag, reporter: SweepReporter
    ) {
        self.group = group
        self.messages = messages
        self.queue = queue
        self.stop = stop
        self.reporter = reporter
    }

    /// Does runs until there are none left. Blocks for the whole sweep.
    ///
    /// When the sweep is asked to stop, the run under way saves its checkpoint first. Rank 0 then waits a moment for
    /// the other leaders to do the same; they report that they have, because the job ends when rank 0 does.
    ///
    /// - Returns: whether a rank of any group was lost. MPI must not be finalised then, because it would wait for the
    ///   dead.
    /// - Throws: `Interruption` when the sweep is asked to stop, once everything is saved; `MPIError` and other errors
    ///   that end the job.
    package func run() throws -> Bool {
        do {
            var report = SweepChannel.Report()
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
                try messages.send(SweepChannel.Report(isStopped: true))
            }
            throw interruption
        }
    }

    /// Hands in the outcome of the last run and gets the next order.
    ///
    /// On rank 0 that is a look at the queue; when it is empty, rank 0 waits here until all other groups are done.
    ///
    /// - Parameter report: what became of the last run; empty at the first call.
    private func order(after report: SweepChannel.Report) throws -> SweepChannel.Order {
        guard let queue else {
            try messages.send(report)
            return try messages.order()
        }
        queue.note(report)
        try queue.serve()
        if let run = queue.take() { return .run(run) }
        try queue.finish()
        return .end(hasLostRanks: queue.hasLostRanks)
    }

    /// Sends the same step to every client of the group.
    private func tell(_ step: SweepChannel.Step) throws {
        for client in group.clients { try messages.send(step, to: client) }
    }

    /// Does one run, from the word to the clients to the end of its messages.
    ///
    /// When all client ranks are lost in it, it begins again from its checkpoint, on this rank alone.
    ///
    /// - Parameters:
    ///   - run: the run to do.
    ///   - start: the moment at which the run was first begun, if that was with clients who are lost by now.
    /// - Returns: the report for rank 0, with the run's outcome.
    private func perform(_ run: SweepRun, since start: ContinuousClock.Instant = .now) throws -> SweepChannel.Report {
        let wasAlone = group.hasLostRanks
        if !wasAlone { try tell(.run(run)) }
        let channel = try group.open()
        let recorder = SweepRecorder(queue)
        var isUnderWay = false
        var end: SweepOutcome.End
        var isClean = true
        do {
            let lost = try serve(run, over: channel, recorder, ready: { isUnderWay = true })
            group.hasLostRanks = group.hasLostRanks || lost
            end = .finished(RunCurve(recorder.rounds))
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
        group.hasLostRanks = group.hasLostRanks || recorder.hasLostRanks
        try close(channel, isClean: isClean, wasAlone: wasAlone)
        let outcome = SweepOutcome(index: run.index, end: end, seconds: (ContinuousClock.now - start).seconds)
        return SweepChannel.Report(outcome: outcome, hasLostRanks: group.hasLostRanks)
    }

    /// Ends a run's messages, together with the ranks of the group that are left.
    ///
    /// - Parameters:
    ///   - channel: the run's channel; not to be used after this.
    ///   - isClean: whether the run came to an end on which all ranks agree, so that the channel can be emptied.
    ///   - wasAlone: whether the leader had no clients from the run's start: then there is nobody to tell.
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

    /// Runs one session as its server, from the run's checkpoint if there is one.
    ///
    /// - Parameters:
    ///   - run: the run to do.
    ///   - channel: the run's own communicator.
    ///   - recorder: collects the rounds; those of the time before a resumption are added first.
    ///   - ready: called when all ranks are prepared; errors before that are settings that some rank cannot honour.
    /// - Returns: whether a rank was lost.
    /// - Throws: `ConfigurationError` on all ranks of the group alike; `NoClientRanks`; `Interruption`; errors of this
    ///   rank.
    private func serve(
        _ run: SweepRun, over channel: RunChannel, _ recorder: SweepRecorder, ready: @escaping () -> Void
    ) throws -> Bool {
        let troubles = OutputTroubles { [warn = reporter.warn] in warn("\(run.name): \($0)") }
        let timekeeper = Timekeeper(channel, isOn: run.isTimed, sink: RunOutputs.openTimingFiles(troubles))
        var resumed: ResumedRun?
        let problem = try timekeeper.metered(channel).agree {
            resumed = try run.resumed(warn: reporter.warn)
            do {
                try resumed?.earlierRecords.forEachRound { recorder.add($0) }
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
                return made.observers + reporter.observers(job, run) + [recorder]
            }, ready: ready)
        outputs?.history?.noteFiles()
        return hasLostRanks
    }
}

/// The observer that collects a run's curve, and on rank 0 answers the other groups' leaders meanwhile.
private final class SweepRecorder: RoundObserver {
    /// The queue to serve; nil but on rank 0.
    private let queue: SweepQueue?
    /// An error of the queue within ``progressed(round:fraction:)``, which cannot throw; thrown at the end of the
    /// round.
    private var failure: (any Error)?
    /// The rounds of the whole run, in ascending order.
    private(set) var rounds: [RunCurve.Round] = []
    /// Whether a rank was lost at any time, even if it came back.
    private(set) var hasLostRanks = false

    /// Makes an observer without rounds.
    init(_ queue: SweepQueue?) {
        self.queue = queue
    }

    /// Progress is reported several times a second while clients train; only rank 0 has a use for it.
    var progressInterval: Duration? { queue == nil ? nil : .milliseconds(200) }

    func progressed(round: Int, fraction: Double) {
        do { try queue?.serve() } catch { failure = error }
    }

    func roundFinished(_ record: RoundRecord) throws {
        add(record)
        if let failure { throw failure }
        try queue?.serve()
    }

    /// Adds a round that was not observed, from the time before a resumption.
    func add(_ record: RoundRecord) {
        rounds.append(RunCurve.Round(record))
    }

    func faulted(_ fault: FaultRecord) {
        if [.rankLost, .rankDropped, .rankLostBelow].contains(fault.kind) { hasLostRanks = true }
    }
}
