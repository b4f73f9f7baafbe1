import FedCore
import MPI
import Records
import Runtime

/// How the answers of the clients come up: in collectives while all ranks are there, point to point once one was lost.
/// A wire moves bytes: others write what is in them, where the wire says.
///
/// One object lives on each rank: on rank 0, the server, its server half is used, on worker `w`, which is rank `w + 1`,
/// its worker half. The collective calls are cut into parts that all ranks derive from the round's assignment, so that
/// they agree on every length without a message.
///
/// ```
/// worker   begin ─► takeSlot, work, put (for each client) ─► send            (collective)
///                                                          └► answer(by:)    (order)
/// server   collect(part) ─► tally.receive                 open(answer) ─► tally.receive
/// ```
///
/// A run's bits must not depend on the wire; tests that compare whole runs go over the catalog.
protocol Wire: AnyObject, SendableMetatype {
    /// The name on the command line.
    static var name: String { get }
    /// One line for `--help`.
    static var summary: String { get }

    /// Whether a client's new state comes up beside its update; strategies and stages that keep one need this.
    static var carriesClientState: Bool { get }
    /// Whether the server gets each client's update by itself, and not a sum of some; robust aggregation, collusion and
    /// asynchronous servers need this.
    static var deliversEachUpdate: Bool { get }

    /// Makes one rank's half, with its buffers.
    /// - Parameters:
    ///   - communicator: all ranks of the run.
    ///   - format: how an answer lies in a message.
    ///   - cohortSize: clients that answer together, at most.
    ///   - terms: weights and bounds of the sum of the updates.
    ///   - transfers: told when a collective is entered and when it is done.
    init(
        _ communicator: any Communicator, _ format: AnswerFormat, cohortSize: Int, terms: UpdateTerms,
        _ transfers: TransferClock)

    /// Number of parts that the collective phase of a round has.
    func partCount(_ assignment: Assignment) -> Int
    /// A worker's clients in one part, in the order of its work; may be none.
    func clients(of worker: Int, part: Int, _ assignment: Assignment) -> ArraySlice<Int>
    /// The clients whose work a worker does before it enters a part: by default those of the part. Where a part is one
    /// worker's, all others do theirs of a later one meanwhile.
    /// - Returns: nil when the worker enters with what it has.
    func work(of worker: Int, before part: Int, _ assignment: Assignment) -> ArraySlice<Int>?

    // MARK: Server

    /// Receives one part. Collective, unless it is given up.
    /// - Parameters:
    ///   - round: number and attempt; answers to others are defects.
    ///   - part: number of the part, from 0.
    ///   - assignment: who trains whom.
    ///   - tally: receives what came; untouched if the part is not complete.
    ///   - shouldAbort: asked a few times a second; true leaves the collective.
    /// - Returns: whether the part is complete.
    /// - Throws: what `shouldAbort` throws; errors of MPI.
    func collect(
        round: RoundID, part: Int, _ assignment: Assignment, into tally: any AnswerReceiver,
        unless shouldAbort: () throws -> Bool
    ) throws -> Bool

    /// Opens a worker's answer to an order.
    /// - Parameters:
    ///   - answer: a message, which is not trusted.
    ///   - pending: the clients that the worker owes; what has come is taken out, what is not owed is dropped.
    ///   - round: number and attempt.
    ///   - tally: receives what came.
    func open(
        _ answer: borrowing Buffer<UInt8>, pending: inout [Int], round: RoundID, into tally: any AnswerReceiver)

    // MARK: Worker

    /// The clients of an order, in parts that are answered in one message each.
    func answers(to clients: [Int]) -> [ArraySlice<Int>]

    /// Begins with the answers of these clients, of one part of a collective or of an order.
    /// - Parameters:
    ///   - clients: clients whose work is done together.
    ///   - round: number and attempt.
    ///   - isOrder: whether they are to be sent point to point. What is here of them already, because a collective was
    ///     left after the work, is kept.
    func begin(_ clients: ArraySlice<Int>, round: RoundID, isOrder: Bool)

    /// Whether a client's answer is here, so that it only has to be sent.
    func has(_ client: Int) -> Bool

    /// Lends a place for one client's answer, to be written and put back. Work that is broken off need not put it back.
    func takeSlot() -> AnswerSlot

    /// Takes a client's answer in.
    /// - Parameters:
    ///   - slot: the place, with all its numbers written.
    ///   - client: whose answer it is.
    ///   - result: what the client reports beside its numbers.
    /// - Complexity: O(numbers).
    func put(_ slot: consuming AnswerSlot, of client: Int, _ result: LocalResult)

    /// Changes a byte of what is sent next, to test that it is noticed (`--inject corrupt`).
    func corrupt()

    /// Sends the answers of a part. Collective, unless it is given up.
    /// - Parameters:
    ///   - clients: this worker's clients of the part.
    ///   - shouldAbort: asked while waiting; true leaves the collective, and the answers are kept for an order.
    func send(_ clients: ArraySlice<Int>, unless shouldAbort: () throws -> Bool) throws

    /// Sends the answers point to point, as one message.
    /// - Parameter send: sends a message and gives its memory back.
    func answer(by send: (consuming Buffer<UInt8>) throws -> Buffer<UInt8>) throws
}

extension Wire {
    func work(of worker: Int, before part: Int, _ assignment: Assignment) -> ArraySlice<Int>? {
        clients(of: worker, part: part, assignment)
    }
}

/// The catalog of wires: a new wire is a file and a line here.
enum Wires {
    static let all: [any Wire.Type] = [GathervWire.self, ReduceWire.self]

    /// The wires that come with the project.
    static let standard = Catalog("wire", all, name: { $0.name }, summary: { $0.summary })
}

extension Catalog<any Wire.Type> {
    /// The options that choose a wire which can do something, for error messages: `--wire gatherv or --wire reduce`.
    func options(where isAble: (any Wire.Type) -> Bool) -> String {
        all.filter(isAble).map { "--wire \($0.name)" }.joined(separator: " or ")
    }
}

extension Request where Payload: ~Copyable {
    /// Waits as the server does, which looks for lost ranks meanwhile.
    /// - Parameter shouldAbort: asked ten times a second; true ends the wait.
    /// - Returns: whether it was given up; if not, `wait()` returns at once.
    mutating func isGivenUp(_ shouldAbort: () throws -> Bool) throws -> Bool {
        while try !wait(until: .now + .milliseconds(100)) { if try shouldAbort() { return true } }
        return false
    }
}
