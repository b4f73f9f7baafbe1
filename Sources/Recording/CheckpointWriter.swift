import Foundation
public import Records

/// Saves a run's state every so many rounds, after the last one, and when the run is stopped.
///
/// A checkpoint that cannot be written is tried again; the ones before it stay.
public final class CheckpointWriter: RoundObserver {
    private let run: RunFolder
    private let interval: Int
    private var lastAttempt: ContinuousClock.Instant?
    private var savedRound: Int?
    /// Positions in the clients' states of the newest checkpoint and the one before it, as far as this job has saved them.
    private var marks: [ClientStateMark] = []
    /// Not after the previous checkpoint was asked for, because the newest is damaged.
    private var newestIsGood: Bool

    /// How the save went when the run was stopped: its round, or why there is none.
    public private(set) var outcomeOfStop: Result<Int, any Error>?

    /// Rounds of milliseconds would otherwise wait for the disk at each of them.
    private static let shortestInterval: Duration = .seconds(1)

    /// - Parameters:
    ///   - every: rounds, ≥ 0; 0 saves only when the run is stopped.
    ///   - resumed: of a run that is continued, which checkpoint it was read from, and its round.
    public init(
        _ run: RunFolder, every: Int, resumed: (from: CheckpointFiles.Generation, round: Int)? = nil
    ) {
        self.run = run
        interval = every
        savedRound = resumed?.round
        newestIsGood = resumed?.from != .previous
    }

    public func stateReached(round: Int, isLast: Bool, state: () -> RunState) {
        guard interval > 0, savedRound != round else { return }
        let now = ContinuousClock.now
        let isRecent = lastAttempt.map { now - $0 < Self.shortestInterval } ?? false
        guard isLast || (round % interval == 0 && !isRecent) else { return }
        run.troubles.attempt("checkpoint") { try save(state()) }
        lastAttempt = .now
    }

    /// The round of the newest checkpoint that is there; nil: there is none.
    public var newest: Int? { CheckpointFiles(in: run.url).exists(.newest) ? savedRound : nil }

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

    public func runFinished(_ summary: RunSummary, weights: Span<Float>) {
        guard interval > 0, let newest, newest != summary.rounds else { return }
        run.troubles.lost("of which the newest is of round \(newest)", of: "checkpoint")
    }

    public func runStopped(_ stop: RunStop) {
        outcomeOfStop = Result {
            if newest != stop.state.round { try save(stop.state) }
            return stop.state.round
        }
    }
}
