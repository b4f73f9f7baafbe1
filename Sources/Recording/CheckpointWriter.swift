import Foundation
public import Records

/// Saves a run's state every so many rounds, after the last one, and when the run is stopped.
///
/// It works while the clients train the next round, so a checkpoint costs the run nothing unless it takes longer than
/// a round. One that cannot be written is tried again at the next occasion; the ones before it stay.
public final class CheckpointWriter: RoundObserver {
    /// The run's folder, which knows how far the logs are, and to whom troubles are told.
    private let run: RunFolder
    /// Rounds between two checkpoints; 0 saves only when the run is stopped.
    private let interval: Int
    /// Whether the last state is saved whatever the interval.
    private let savesLast: Bool
    /// The end of the last attempt to save.
    private var lastAttempt: ContinuousClock.Instant?
    /// The round of the newest checkpoint, as far as this job knows.
    private var savedRound: Int?
    /// The positions in the clients' states of the newest checkpoint and the one before it, as far as this job
    /// has saved them.
    private var marks: [ClientStateMark] = []
    /// Whether the newest checkpoint is worth keeping as the previous: not after the previous was asked for,
    /// because the newest is damaged.
    private var newestIsGood: Bool

    /// The outcome of the save when the run was stopped: its round, or why there is none; nil if the run was
    /// not stopped.
    public private(set) var outcomeOfStop: Result<Int, any Error>?

    /// The shortest time between two checkpoints: rounds of milliseconds would otherwise wait for the disk at
    /// each of them.
    private static let shortestInterval: Duration = .seconds(1)

    /// Makes an observer, to be placed behind the run's folder, whose logs a checkpoint relies on.
    ///
    /// - Parameters:
    ///   - run: the run's folder.
    ///   - every: rounds between two checkpoints, ≥ 0; 0 saves only when the run is stopped.
    ///   - savesLast: whether the last state is saved whatever the interval, as that of a run with a privacy budget: without it
    ///     somebody would begin anew, and spend the budget twice.
    ///   - resumed: for a run that is continued, which checkpoint it was read from, and its round.
    public init(
        _ run: RunFolder, every: Int, savesLast: Bool = false,
        resumed: (from: CheckpointFiles.Generation, round: Int)? = nil
    ) {
        self.run = run
        interval = every
        self.savesLast = savesLast
        savedRound = resumed?.round
        newestIsGood = resumed?.from != .previous
    }

    /// Saves if it is time; the state is only copied then.
    public func stateReached(round: Int, isLast: Bool, state: () -> RunState) {
        guard interval > 0 || (isLast && savesLast), savedRound != round else { return }
        let now = ContinuousClock.now
        let isRecent = lastAttempt.map { now - $0 < Self.shortestInterval } ?? false
        guard isLast || (round % interval == 0 && !isRecent) else { return }
        run.troubles.attempt("checkpoint") { try save(state()) }
        lastAttempt = .now
    }

    /// The round of the newest checkpoint that is there; nil if there is none.
    public var newest: Int? { CheckpointFiles(in: run.url).exists(.newest) ? savedRound : nil }

    /// Saves a state, and deletes the clients' states that neither checkpoint needs any more.
    private func save(_ state: RunState) throws {
        let files = CheckpointFiles(in: run.url)
        try files.save(run.saved(state), keepsNewest: newestIsGood)
        if let mark = state.clientStates {
            marks = marks.suffix(1) + [mark]
            if marks.count == 2 { files.removeClientStates(notNeededBy: marks) }
        }
        savedRound = state.round
        newestIsGood = true
    }

    /// Notes, for the last line of the run, that its checkpoint is of an earlier round.
    public func runFinished(_ summary: RunSummary, weights: Span<Float>) {
        guard interval > 0 || savesLast, let newest, newest != summary.rounds else { return }
        run.troubles.lost("of which the newest is of round \(newest)", of: "checkpoint")
    }

    /// Saves at once, whatever the interval; the program says how it went.
    public func runStopped(_ stop: RunStop) {
        outcomeOfStop = Result {
            if newest != stop.state.round { try save(stop.state) }
            return stop.state.round
        }
    }
}
