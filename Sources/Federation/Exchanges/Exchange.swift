import Records
import Runtime

/// One way down and up: how the server reaches clients and gets their answers.
package protocol Exchange: AnyObject {
    /// Whether other ranks train, so that the server has time of its own meanwhile.
    var trainsElsewhere: Bool { get }
    /// Whether a rank was lost, so that MPI cannot be finalised.
    var hasLostRanks: Bool { get }
    /// What there is to say of the last run of a training task.
    var report: ExchangeReport { get }
    /// What the exchange needs to go on after the last finished round, beside the weights; empty when nothing.
    var serverState: [UInt8] { get }

    /// - Parameters:
    ///   - task: what the cohort is to do.
    ///   - down: the global weights, and what the strategy sends beside them.
    ///   - besideTraining: work of the server that needs no client, done while other ranks train. It calls the heartbeat
    ///     it is given every so often.
    ///   - progressed: samples trained so far, a few times a second.
    ///   - tally: receives what comes of each client.
    func run(
        _ task: ClientTask, round: RoundID, cohort: [Int], down: Span<Float>, into tally: any AnswerReceiver,
        besideTraining: (_ heartbeat: () throws -> Void) throws -> Void,
        progressed: (Int) -> Void
    ) throws

    /// To be called every so often while the server does something else: the workers hear that it is there.
    func heartbeat() throws

    /// Tells the workers that the run is over.
    func stop() throws

    /// Tells the workers that the run has failed: they leave it wherever they are.
    func dismiss() throws
}

extension Exchange {
    package var report: ExchangeReport { ExchangeReport() }
    package var serverState: [UInt8] { [] }
}
