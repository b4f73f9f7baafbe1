import FedCore
import MPI
import Records
import Runtime

/// Those who train for an asynchronous server: this process (``LocalWorkers``), or the client ranks (``RankWorkers``).
///
/// A turn is begun, trained in whatever order suits the workers, and handed over once: by ``finish(_:)`` in virtual
/// time, where the schedule names the next turn, by ``nextEnd(waits:)`` in real time, where the first to arrive is
/// next.
protocol AsynchronousWorkers: AnyObject {
    /// Whether other ranks train, so that the server has time of its own meanwhile.
    var trainsElsewhere: Bool { get }
    /// Whether a rank was lost, so that MPI cannot be finalised.
    var hasLostRanks: Bool { get }

    /// Notes that the server works towards the next step, and takes in ranks that are back.
    /// - Parameter number: number of the step, from 1.
    func startStep(_ number: Int) throws

    /// Takes a turn in hand. A client has one turn at a time.
    /// - Parameters:
    ///   - start: the turn.
    ///   - weights: what goes down for it.
    func begin(_ start: AsynchronousStart, from weights: [Float]) throws

    /// Waits for the end of a turn that has begun, and hands it over.
    func finish(_ start: AsynchronousStart) throws -> TurnEnd

    /// Hands over the turn that has ended first in real time.
    /// - Parameter waits: whether to wait until there is one.
    /// - Returns: nil when there is none yet.
    func nextEnd(waits: Bool) throws -> (client: Int, end: TurnEnd)?

    /// Serves the workers; to be called every so often while the server does something else.
    func heartbeat() throws

    /// Has parts of the test set tested, where this rank cannot run the model, and waits for the answers.
    func test(_ parts: [Int], round: RoundID, down: Span<Float>, into tally: any AnswerReceiver) throws

    /// Tells the ranks that the run is over.
    func stop() throws

    /// Tells the ranks that the run has failed.
    func dismiss() throws
}

/// The end of a client's turn.
enum TurnEnd {
    /// An answer: its envelope, or what is wrong with it, the change of the weights, and the bytes that it crossed
    /// with.
    case update(Result<UpdateSlot.Envelope, UpdateSlot.Defect>, [Float], bytes: Int)
    /// None, because its rank was lost and nobody else is to train it.
    case lost
}
