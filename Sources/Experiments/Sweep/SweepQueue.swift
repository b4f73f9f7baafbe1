import Foundation
import MPI
package import Runtime

/// Rank 0's list of the runs that are still to be done, and of the outcomes of the others.
///
/// Leaders ask for a run when they have none. Rank 0 does runs itself and answers whenever it looks: between two
/// rounds, and several times a second while its clients train. One list on one rank needs no lock files, which not
/// every network file system has, and no ranks that do nothing but keep it. Used on the thread of the run only.
package final class SweepQueue {
    /// Messages from and to the other leaders.
    private let messages: SweepChannel
    private let stop: StopFlag
    /// Runs that nobody has taken yet, in the order in which they are started.
    private var waiting: [SweepRun]
    /// Other groups' leaders that have asked for a run when there was none left.
    private var idle: Set<Int> = []
    /// Other groups' leaders, as ranks in the world.
    private let leaders: Set<Int>
    /// Other groups' leaders that have saved after a request to stop.
    private var stopped: Set<Int> = []
    /// The outcomes so far, in the order in which they became known.
    package private(set) var outcomes: [SweepOutcome] = []
    /// Whether any group has lost a rank.
    private(set) var hasLostRanks = false
    /// Called with each outcome, for a progress display.
    package var whenDone: (SweepOutcome) -> Void = { _ in }

    /// Makes a queue with all runs waiting.
    ///
    /// - Parameters:
    ///   - runs: in the order in which they are to be started.
    ///   - leaders: the leaders of the other groups, as ranks in the world.
    ///   - messages: the messages of the sweep.
    ///   - stop: raised when the sweep is asked to stop.
    package init(_ runs: [SweepRun], leaders: [Int], messages: SweepChannel, stop: StopFlag) {
        waiting = runs
        self.leaders = Set(leaders)
        self.messages = messages
        self.stop = stop
    }

    /// Takes the next run, for rank 0's own group or for another; nil when none is left.
    func take() -> SweepRun? { waiting.isEmpty ? nil : waiting.removeFirst() }

    /// Keeps what a report says: a loss of ranks, and the outcome of a run.
    func note(_ report: SweepChannel.Report) {
        if report.hasLostRanks { hasLostRanks = true }
        guard let outcome = report.outcome else { return }
        outcomes.append(outcome)
        whenDone(outcome)
    }

    /// Answers all leaders who have asked by now. Does not block for more than a send.
    ///
    /// - Throws: `MPIError`; `DecodingError`.
    func serve() throws {
        while let (rank, report) = try messages.report() {
            note(report)
            if report.isStopped {
                stopped.insert(rank)
            } else if let run = take() {
                try messages.send(SweepChannel.Order.run(run), to: rank)
            } else {
                idle.insert(rank)
            }
        }
    }

    /// Waits until every other leader is without a run, and tells all that the sweep is over.
    ///
    /// - Throws: `Interruption` when the sweep is asked to stop; `MPIError`.
    func finish() throws {
        _ = try Backoff.default.wait { () throws in
            try stop.check()
            try serve()
            return idle == leaders
        }
        for leader in leaders.sorted() {
            try messages.send(SweepChannel.Order.end(hasLostRanks: hasLostRanks), to: leader)
        }
    }

    /// Waits at most 0.9 s for the other leaders to save.
    ///
    /// The job ends when rank 0 does, and Open MPI's launcher gives a job one second between SIGTERM and SIGKILL.
    /// Reports that arrive meanwhile are kept, so that a run that ended just then still counts.
    func waitForSaves() throws {
        _ = try Backoff.default.wait(until: .now + .milliseconds(900)) { () throws in
            while let (rank, report) = try messages.report() {
                note(report)
                if report.isStopped { stopped.insert(rank) } else { idle.insert(rank) }
            }
            return leaders.isSubset(of: stopped)
        }
    }
}
