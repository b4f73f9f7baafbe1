import Datasets
public import FedCore
import MPI
import Records
import Runtime

/// How the updates of a round come up: in collectives while all ranks are there, point to point once one was lost.
///
/// One object lives on each rank: on rank 0, the server, its server half is used, on worker `w`, which is rank `w + 1`,
/// its worker half. The collective calls are cut into parts that all ranks derive from the round's assignment.
protocol Wire: AnyObject, SendableMetatype {
    /// The name on the command line.
    static var name: String { get }
    /// One line for `--help`.
    static var summary: String { get }

    /// - Parameters:
    ///   - terms: of the sum of the updates.
    ///   - faults: that are made on purpose on this rank.
    ///   - transfers: told when a collective is entered and when it is done.
    init(
        _ communicator: any Communicator, parameterCount: Int, cohortSize: Int, terms: UpdateTerms,
        faults: FaultInjector, _ transfers: TransferClock)

    func partCount(_ assignment: Assignment) -> Int
    /// A worker's clients in one part.
    func clients(of worker: Int, part: Int, _ assignment: Assignment) -> ArraySlice<Int>

    // MARK: Server

    /// Receives one part. Collective, unless it is given up.
    /// - Parameters:
    ///   - tally: receives what came; untouched if the part is not complete.
    ///   - giveUp: asked a few times a second; true leaves the collective.
    /// - Returns: whether the part is complete.
    func collect(
        round: RoundID, part: Int, _ assignment: Assignment, into tally: any AnswerReceiver,
        unless giveUp: () throws -> Bool
    ) throws -> Bool

    /// Opens a worker's answer to an order.
    /// - Parameter pending: the clients that the worker owes; what has come is taken out, what is not owed is dropped.
    func open(
        _ answer: borrowing Buffer<UInt8>, pending: inout [Int], round: RoundID, into tally: any AnswerReceiver)

    // MARK: Worker

    /// Trains one part's clients and sends their updates. Collective, unless it is given up.
    /// - Parameter giveUp: asked while waiting; true leaves the collective, and the updates are kept for `answer`.
    func send(
        _ clients: ArraySlice<Int>, round: RoundID, train: TrainClient, unless giveUp: () throws -> Bool) throws

    /// Whether a client's work of this round is done and kept, so that an order for it only sends it again.
    func hasDone(_ client: Int, round: RoundID) -> Bool

    /// Trains the ordered clients, but for those that are trained already, and sends their updates point to point.
    /// - Parameter send: sends a message and gives its memory back.
    func answer(
        _ clients: [Int], round: RoundID, train: TrainClient,
        send: (consuming Buffer<UInt8>) throws -> Buffer<UInt8>) throws
}

/// Trains a client, and writes the change of its weights.
typealias TrainClient = (_ client: Int, _ change: inout MutableSpan<Float>) throws -> LocalResult

extension Job {
    /// How updates come up.
    func trainingWire(
        on communicator: any Communicator, faults: FaultInjector, _ transfers: TransferClock
    ) throws(ConfigurationError) -> any Wire {
        try Wires.named(settings.wire).init(
            communicator, parameterCount: vectors.slot, cohortSize: settings.cohortSize, terms: terms,
            faults: faults, transfers)
    }

    /// How evaluations come up; nil when clients hold nothing out.
    func evaluationWire(on communicator: any Communicator, _ transfers: TransferClock) -> (any Wire)? {
        guard clientTest.sampleCount > 0 else { return nil }
        // With an answer of a few hundred bytes a wave's states, sent ahead of it, are what takes memory.
        let answer = UpdateSlot.byteCount(parameterCount: evaluationVector.floats)
        let state = sendsStates(for: .evaluation) ? StateMessage.byteCount(floats: vectors.state) : 0
        return GathervWire(
            communicator, parameterCount: evaluationVector.floats, cohortSize: settings.clients,
            faults: FaultInjector([], rank: communicator.rank), transfers,
            serverBytes: GathervWire.defaultServerBytes / (answer + state) * answer)
    }

    /// Whether the clients' states go to the ranks for this.
    func sendsStates(for task: ClientTask) -> Bool {
        task == .training ? vectors.state > 0 : strategy.personalization != .none
    }

    /// What a client's work is expected to cost, relative to other clients'.
    package func cost(of client: Int, _ task: ClientTask) -> Int {
        switch task {
        case .training: max(trainedSamples(holding: partition.count(of: client)), partition.count(of: client))
        case .evaluation: clientTest.count(of: client)
        }
    }
}

/// The catalog of wires.
public enum Wires {
    static var all: [any Wire.Type] { [GathervWire.self, ReduceWire.self] }

    /// The names for `--wire`.
    public static var names: [String] { all.map { $0.name } }

    /// Names and summaries, for help texts and forms.
    public static var descriptions: [PluginDescription] {
        all.map { PluginDescription(kind: "wire", name: $0.name, summary: $0.summary) }
    }

    /// - Throws: `ConfigurationError` that lists the catalog when the name is not in it.
    static func named(_ name: String) throws(ConfigurationError) -> any Wire.Type {
        guard let type = all.first(where: { $0.name == name }) else {
            throw ConfigurationError(unknown: "wire", name, choices: names)
        }
        return type
    }
}
