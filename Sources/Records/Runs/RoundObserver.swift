/// A side effect of a run: printing, logging, saving.
///
/// Everything a run does besides computing is done by observers, on rank 0, on the thread of the round loop, in their
/// order. Most calls come while the clients train, so an observer is free unless it takes longer than a round. An
/// error that one throws ends the run: an observer that can do without its file catches the error itself.
///
/// Calls of a run, in their order: `runStarted`; for each round `progressed` and `faulted` as it happens, then
/// `clientsEvaluated`, `roundFinished`, `stateReached`; at the end `runFinished` or `runStopped`. A round may
/// be evaluated while the next one trains, so its last calls may come when the next round has begun.
public protocol RoundObserver: AnyObject {
    /// How often `progressed` is to be called at least, while clients train; nil: not at all. Asked when the run begins, and
    /// once an exchange. Ranks say once a second that they live, so a second or more costs no message.
    var progressInterval: Duration? { get }
    /// Called before the first round of this job.
    func runStarted(_ run: RunDescription) throws
    /// Called while a round's clients train.
    ///
    /// - Parameters:
    ///   - round: the round under way.
    ///   - fraction: the share of the round's samples that are trained, in [0, 1].
    func progressed(round: Int, fraction: Double)
    /// Called when something went wrong, and the run goes on.
    func faulted(_ fault: FaultRecord)
    /// Something that was decided at the beginning of a round, and why: a clause.
    func noted(_ text: String, round: Int)
    /// Called before `roundFinished`, with each client's part of the round's evaluation.
    func clientsEvaluated(_ table: ClientAccuracies) throws
    /// Called when a round's record is complete, its evaluation included, which runs beside the next round.
    func roundFinished(_ record: RoundRecord) throws
    /// Called after `roundFinished`, while the clients train: the run could be continued from here.
    ///
    /// - Parameters:
    ///   - round: the last round of the state.
    ///   - isLast: whether no round follows.
    ///   - state: makes a copy of all weights; call it only to save it.
    func stateReached(round: Int, isLast: Bool, state: () -> RunState) throws
    /// Called after the last round.
    ///
    /// - Parameters:
    ///   - summary: what the run came to.
    ///   - weights: the final weights, in the canonical order.
    func runFinished(_ summary: RunSummary, weights: Span<Float>) throws
    /// Called when the run ends before its last round; the job ends next, so this is the last chance to save.
    func runStopped(_ stop: RunStop)
}

/// Observers implement what they need; everything else does nothing.
extension RoundObserver {
    public var progressInterval: Duration? { nil }
    public func runStarted(_ run: RunDescription) throws {}
    public func progressed(round: Int, fraction: Double) {}
    public func faulted(_ fault: FaultRecord) {}
    public func noted(_ text: String, round: Int) {}
    public func clientsEvaluated(_ table: ClientAccuracies) throws {}
    public func roundFinished(_ record: RoundRecord) throws {}
    public func stateReached(round: Int, isLast: Bool, state: () -> RunState) throws {}
    public func runFinished(_ summary: RunSummary, weights: Span<Float>) throws {}
    public func runStopped(_ stop: RunStop) {}
}
