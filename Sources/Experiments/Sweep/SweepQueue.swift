import Foundation
import MPI
package import Runtime

/// Rank 0's list of the runs that are still to be done, and what became of the others.
///
/// Groups ask for a run when they have none. Rank 0 does runs itself: it answers whenever it looks, which is several
/// times a second while clients train, and between rounds. Nobody else need keep the list, and no file system has to have
/// locks that work.
package final class SweepQueue {
    private let post: SweepPost
    private let stop: StopFlag
    private var waiting: [SweepRun]
    /// Other groups' leaders that wait for an answer.
    private var idle: Set<Int> = []
    /// Other groups' leaders.
    private let leaders: Set<Int>
    private var stopped: Set<Int> = []
    package private(set) var outcomes: [SweepOutcome] = []
    private(set) var hasLostRanks = false
    /// Told of each outcome.
    package var whenDone: (SweepOutcome) -> Void = { _ in }

    /// - Parameters:
    ///   - runs: in the order in which they are to be started.
    ///   - leaders: of the other groups.
    package init(_ runs: [SweepRun], leaders: [Int], post: SweepPost, stop: StopFlag) {
        waiting = runs
        self.leaders = Set(leaders)
        self.post = post
        self.stop = stop
    }

    /// The next run for rank 0's own group; nil when there is none left.
    func take() -> SweepRun? { waiting.isEmpty ? nil : waiting.removeFirst() }

    func note(_ report: SweepPost.Report) {
        if report.hasLostRanks { hasLostRanks = true }
        guard let outcome = report.outcome else { return }
        outcomes.append(outcome)
        whenDone(outcome)
    }

    /// Answers those who ask. Does not block.
    func serve() throws {
        while let (rank, report) = try post.report() {
            note(report)
            if report.isStopped {
                stopped.insert(rank)
            } else if let run = take() {
                try post.send(SweepPost.Order.run(run), to: rank)
            } else {
                idle.insert(rank)
            }
        }
    }

    /// Waits until nobody does anything any more, and tells all that the sweep is over.
    /// - Throws: `Interruption` when the sweep is asked to stop.
    func finish() throws {
        _ = try Backoff.default.wait { () throws in
            try stop.check()
            try serve()
            return idle == leaders
        }
        for leader in leaders.sorted() { try post.send(SweepPost.Order.end(hasLostRanks: hasLostRanks), to: leader) }
    }

    /// Waits a moment for the other groups to save: the job ends when rank 0 does.
    func waitForSaves() throws {
        _ = try Backoff.default.wait(until: .now + .milliseconds(900)) { () throws in
            while let (rank, report) = try post.report() {
                note(report)
                if report.isStopped { stopped.insert(rank) } else { idle.insert(rank) }
            }
            return leaders.isSubset(of: stopped)
        }
    }
}
