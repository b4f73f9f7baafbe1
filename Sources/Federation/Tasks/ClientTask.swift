import FedCore
import MPI
import Records
import Runtime

/// What the clients of an exchange are asked for: one phase of a run, with all that differs from task to task. Each is
/// a file in `Tasks/` and a line in ``all``.
///
/// What brings a task to the clients and their answers back (frames, wires, orders, losses of ranks) works for any task
/// and knows none by name. So a further phase (say, a vote before a round) needs no change of an exchange.
package struct ClientTask: Sendable {
    /// The code of the task in a frame's header.
    let kind: RoundFrame.Kind
    /// Whether a job's clients are ever asked for it.
    let isPart: @Sendable (_ job: Job) -> Bool
    /// The number of clients that are asked together, at most.
    let mostClients: @Sendable (_ job: Job) -> Int
    /// The layout of a client's answer, and of the state that comes back beside it.
    let answer: @Sendable (_ job: Job) -> AnswerFormat
    /// Whether the clients' states, or letters to them, go to the ranks that do the work.
    let needsMail: @Sendable (_ job: Job) -> Bool
    /// Whether the hard limit holds in it, where rounds have a deadline.
    let isTimed: Bool
    /// Whether the faults of `--inject` happen in it.
    let meetsFaults: Bool
    /// What a client's work is expected to cost, relative to other clients'; decides who is assigned first.
    package let cost: @Sendable (_ client: Int, _ job: Job) -> Int
    /// Makes the wire that brings the answers up, on each rank.
    let wire: @Sendable (_ job: Job, _ communicator: any Communicator, _ transfers: TransferClock) throws -> any Wire
    /// Does a client's work, and writes its answer.
    /// - Parameters:
    ///   - down: the global weights, and what the strategy sends beside them.
    ///   - slot: the numbers of the answer, and of the state behind it; all are written.
    let run:
        @Sendable (
            _ client: Int, _ round: RoundID, _ down: Span<Float>, _ slot: inout MutableSpan<Float>,
            _ host: any ClientHost
        ) throws -> LocalResult

    /// The catalog of tasks.
    static let all: [ClientTask] = [.training, .evaluation, .advertiseKeys, .shareKeys, .unmask]
}

extension ClientTask: Equatable {
    package static func == (one: ClientTask, other: ClientTask) -> Bool { one.kind == other.kind }
}

/// The place where clients' work is done: a client rank (``ClientLoop``), or the process that is all of a run
/// (``LocalHost``). Tasks see no more of a rank than this.
protocol ClientHost: AnyObject {
    /// The run.
    var job: Job { get }
    /// Trains and tests.
    var device: Device { get }

    /// Copies out what a client kept from its last turn; zeros when it has kept nothing yet.
    /// - Parameter state: `[job.vectors.state]`.
    func readState(of client: Int, into state: inout MutableSpan<Float>) throws

    /// What the server has for a client in this task, where it sends letters.
    func letter(to client: Int) -> [UInt8]

    /// Spoils the update of a client, where a fault of `--inject` says so.
    func meetFaults(of client: Int, in update: inout MutableSpan<Float>)

    /// Reports a batch, so that others hear of this rank; to be called after each batch.
    /// - Parameter samples: samples trained in it.
    /// - Throws: an error that ends the work, when the run is over or the work is not wanted any longer.
    func progressed(samples: Int) throws

    /// Waits so long, answering others meanwhile.
    func pause(_ duration: Duration) throws
}

extension Job {
    /// The tasks that this job's clients are asked for.
    var tasks: [ClientTask] { ClientTask.all.filter { $0.isPart(self) } }

    /// Clients that one frame has room for: as many as any task asks together.
    var frameCapacity: Int { tasks.reduce(0) { max($0, $1.mostClients(self)) } }
}

/// The wire of each task of a job, on one rank.
struct TaskWires {
    private let wires: [(task: ClientTask, wire: any Wire)]

    /// Makes the wires; each keeps buffers of its own.
    /// - Parameter edges: the edges, between them and the cloud: there updates come up as sums.
    init(_ job: Job, on communicator: any Communicator, _ transfers: TransferClock, edges: EdgeTerms? = nil) throws {
        wires = try job.tasks.map { task in
            guard let edges, task == .training else { return (task, try task.wire(job, communicator, transfers)) }
            let format = job.vectors.answer(by: nil)
            let wire = ReduceWire(
                communicator, format, terms: job.terms, transfers, apart: job.keepsUpdates ? edges : nil)
            return (task, wire)
        }
    }

    /// The wire of a task.
    /// - Precondition: the job has this task.
    subscript(_ task: ClientTask) -> any Wire {
        guard let wire = wires.first(where: { $0.task == task })?.wire else {
            preconditionFailure("no client of this job is asked for task \(task.kind.rawValue)")
        }
        return wire
    }
}
