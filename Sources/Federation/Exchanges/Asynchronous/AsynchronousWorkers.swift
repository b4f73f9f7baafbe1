import FedCore
import MPI
import Records
import Runtime

/// Those who train for an asynchronous server: this process, or the client ranks.
protocol AsynchronousWorkers: AnyObject {
    /// Whether other ranks train, so that the server has time of its own meanwhile.
    var trainsElsewhere: Bool { get }
    /// Whether a rank was lost, so that MPI cannot be finalised.
    var hasLostRanks: Bool { get }

    /// The server works towards the next step.
    /// - Parameter number: of the step, from 1.
    func startStep(_ number: Int) throws

    /// Takes a turn in hand. A client has one turn at a time.
    func begin(_ start: AsynchronousStart, from weights: [Float]) throws

    /// Waits for the end of a turn, and hands it over.
    func finish(_ start: AsynchronousStart) throws -> TurnEnd

    /// Hands over the turn that has ended first in real time.
    /// - Parameter waits: until there is one; otherwise nil when there is none yet.
    func nextEnd(waits: Bool) throws -> (client: Int, end: TurnEnd)?

    /// To be called every so often while the server does something else.
    func heartbeat() throws

    /// Tells the ranks that the run is over.
    func stop() throws

    /// Tells the ranks that the run has failed.
    func dismiss() throws
}

/// How a client's turn ended.
enum TurnEnd {
    /// With an update: its envelope, or what is wrong with it, the change of the weights, and the bytes that it crossed with.
    case update(Result<UpdateSlot.Envelope, UpdateSlot.Defect>, [Float], bytes: Int)
    /// Its rank was lost, and nobody else is to train it.
    case lost
}
