import Records
import Runtime

/// One way down and up: how the server reaches clients and gets their answers. The seam between the algorithm, which is
/// ``RoundLoop``, and the machines it runs on.
///
/// | exchange | clients are trained by |
/// |---|---|
/// | ``LocalExchange`` | this process |
/// | ``WorkerExchange`` | other ranks, by collectives, and by orders once a rank was lost |
/// | ``EdgeExchange`` | another exchange, for one edge after the other |
/// | ``AsynchronousExchange`` | either, without rounds |
/// | `SplitExchange` (SplitLearning) | other ranks, which hold the first layers, and this one, which holds the others |
///
/// Made by a ``TrainingScheme``; used from the server's one thread. An exchange survives the loss of client ranks and
/// never changes the bits of a result.
package protocol Exchange: AnyObject {
    /// Whether other ranks train, so that the server has time of its own meanwhile.
    var trainsElsewhere: Bool { get }
    /// Whether a rank was lost: `MPI_Finalize` would wait for it for ever.
    var hasLostRanks: Bool { get }
    /// What the last run of a training task has to report beside its tally; empty by default.
    var report: ExchangeReport { get }
    /// What the exchange needs to continue after the last finished round, beside the weights; empty by default.
    var serverState: [UInt8] { get }

    /// Has a cohort do a task, and returns when every client of it has answered or is given up.
    ///
    /// - Parameters:
    ///   - task: what the cohort is to do.
    ///   - round: number and attempt; answers to others are dropped.
    ///   - cohort: numbers of the clients, ascending, at most `task.mostClients`.
    ///   - down: the global weights, and what the strategy sends beside them.
    ///   - tally: receives what comes of each client, in any order.
    ///   - besideTraining: work of the server that needs no client, done while other ranks train; not called where
    ///     ``trainsElsewhere`` is false. It calls the heartbeat it is given every so often.
    ///   - progressed: called a few times a second with the samples trained so far; what it throws ends the exchange.
    /// - Throws: `Interruption`; `NoClientRanks` when all client ranks are lost for good; what `besideTraining` throws.
    func run(
        _ task: ClientTask, round: RoundID, cohort: [Int], down: DownMessage, into tally: any AnswerReceiver,
        besideTraining: (_ heartbeat: () throws -> Void) throws -> Void,
        progressed: (Int) throws -> Void
    ) throws

    /// Lets the workers hear that the server is there; to be called every so often while it does something else.
    func heartbeat() throws

    /// Ends the run: tells the workers, and waits until each has understood.
    func stop() throws

    /// Ends a run that has failed: the workers leave it wherever they are.
    func dismiss() throws
}

extension Exchange {
    package var report: ExchangeReport { ExchangeReport() }
    package var serverState: [UInt8] { [] }
}
