/// Everything a run does besides computing is done by observers, on rank 0, in their order: printing, logging, saving.
public protocol RoundObserver: AnyObject {
    /// Whether `progressed` is to be called.
    var wantsProgress: Bool { get }
    func runStarted(_ run: RunDescription) throws
    /// A few times a second within a round.
    /// - Parameter fraction: of the round's samples, in [0, 1].
    func progressed(round: Int, fraction: Double)
    /// Something went wrong, and the run goes on.
    func faulted(_ fault: FaultRecord)
    /// Before `roundFinished`: each client's part of the round's evaluation.
    func clientsEvaluated(_ table: ClientAccuracies) throws
    func roundFinished(_ record: RoundRecord) throws
    /// After `roundFinished`, while the clients train: the run could be continued from here.
    /// - Parameters:
    ///   - isLast: whether no round follows.
    ///   - state: makes a copy; call it only to save it.
    func stateReached(round: Int, isLast: Bool, state: () -> RunState) throws
    func runFinished(_ summary: RunSummary, weights: Span<Float>) throws
    /// The run ends before its last round; the job ends next.
    func runStopped(_ stop: RunStop)
}

extension RoundObserver {
    public var wantsProgress: Bool { false }
    public func runStarted(_ run: RunDescription) throws {}
    public func progressed(round: Int, fraction: Double) {}
    public func faulted(_ fault: FaultRecord) {}
    public func clientsEvaluated(_ table: ClientAccuracies) throws {}
    public func roundFinished(_ record: RoundRecord) throws {}
    public func stateReached(round: Int, isLast: Bool, state: () -> RunState) throws {}
    public func runFinished(_ summary: RunSummary, weights: Span<Float>) throws {}
    public func runStopped(_ stop: RunStop) {}
}
