import FedCore
public import MPI
import Runtime

/// The cost of one round's exchange alone, over the wire that training uses, beside that of the plain MPI calls: what
/// it costs that a rank may be lost, and that every update is checked. `fedmpi doctor` prints it.
public struct ExchangeBenchmark {
    /// Median time at rank 0, in microseconds, of sending so many floats to every rank and getting as many back from
    /// each, all starting together.
    public private(set) var median = 0.0
    /// Median time of moving the same bytes by `MPI_Bcast` and `MPI_Gatherv`, which wait for ever for a rank that is
    /// lost, and check nothing.
    public private(set) var blockingMedian = 0.0

    /// Exchanges that are not counted.
    private static let warmUps = 5

    /// Measures. Collective; alone there is nothing to exchange, and both figures are 0.
    /// - Parameters:
    ///   - floats: floats of an update.
    ///   - repetitions: exchanges of each kind, alternating, ≥ 1.
    ///   - communicator: all ranks; rank 0 is the server.
    public init(floats: Int, repetitions: Int, on communicator: any Communicator) throws {
        guard communicator.size > 1 else { return }
        var wire = try WireExchange(floats: floats, communicator)
        var blocking = BlockingExchange(floats: floats, communicator)
        var times: [Double] = []
        var blockingTimes: [Double] = []
        for repetition in 0..<Self.warmUps + repetitions {
            let time = try Self.microseconds(on: communicator) { try wire.exchange() }
            let blockingTime = try Self.microseconds(on: communicator) { try blocking.exchange() }
            guard repetition >= Self.warmUps else { continue }
            times.append(time)
            blockingTimes.append(blockingTime)
        }
        median = times.sorted()[times.count / 2]
        blockingMedian = blockingTimes.sorted()[blockingTimes.count / 2]
    }

    /// Time of an exchange that all ranks begin together, in microseconds.
    private static func microseconds(on communicator: any Communicator, _ exchange: () throws -> Void) throws -> Double
    {
        try communicator.barrier()
        let start = ContinuousClock.now
        try exchange()
        return (ContinuousClock.now - start).seconds * 1e6
    }
}

/// The exchange of a round with one client on each worker: a frame down, a gatherv of checked updates up. No rank is
/// ever given up, so it does not poll for lost ones, but waits as a round does.
private struct WireExchange: ~Copyable {
    private let communicator: any Communicator
    private let wire: GathervWire
    private let assignment: Assignment
    /// Receives the answers, and adds up none.
    private let tally: RoundTally
    /// The frame, nil while MPI has it.
    private var frame: RoundFrame?
    private let floats: Int

    /// Makes frame, wire and tally; a worker's one answer has the status late, so that it is checked and not summed.
    init(floats: Int, _ communicator: any Communicator) throws {
        self.communicator = communicator
        self.floats = floats
        let workers = communicator.size - 1
        assignment = Assignment(clientsOfWorker: (0..<workers).map { [$0] })
        let format = AnswerFormat(updateFloats: floats)
        wire = GathervWire(
            communicator, format, cohortSize: workers, TransferClock(Timeline(isOn: false), control: communicator),
            serverBytes: GathervWire.defaultServerBytes)
        tally = RoundTally(
            UpdateTerms(shape: UpdateShape(plain: floats), totalWeight: 1, samplesHeld: { _ in 0 }), reject: { _, _ in }
        )
        frame = RoundFrame(cohortCapacity: workers, parameterCount: floats)
        guard communicator.rank > 0 else { return }
        // The exchange alone: what is late is checked and not summed.
        let client = communicator.rank - 1
        wire.begin([client], round: RoundID(0), isOrder: false)
        var result = LocalResult()
        result.status = .late
        wire.put(wire.takeSlot(), of: client, result)
    }

    /// Does this rank's part of one exchange, weights down and updates up.
    mutating func exchange() throws {
        guard let sent = frame.take() else { preconditionFailure("an exchange after one that failed") }
        let received = try communicator.startBroadcast(sent.intoBuffer(), root: 0).wait()
        frame = RoundFrame(received, cohortCapacity: communicator.size - 1, parameterCount: floats)
        if communicator.rank == 0 {
            _ = try wire.collect(round: RoundID(0), part: 0, assignment, into: tally, unless: { false })
        } else {
            try wire.send([communicator.rank - 1], unless: { false })
        }
    }
}

/// The exchange at its barest: a broadcast of floats, a gatherv of floats, by blocking calls that spin.
private struct BlockingExchange: ~Copyable {
    private let communicator: any Communicator
    private var weights: Buffer<Float>
    private var updates: Buffer<Float>
    /// Floats that each rank sends up.
    private let counts: [Int]

    /// Makes buffers; only rank 0 has room for all updates.
    init(floats: Int, _ communicator: any Communicator) {
        self.communicator = communicator
        weights = Buffer(count: floats)
        let isRoot = communicator.rank == 0
        updates = Buffer(count: isRoot ? floats * (communicator.size - 1) : 0)
        counts = (0..<communicator.size).map { $0 == 0 ? 0 : floats }
    }

    /// Does this rank's part of one exchange by blocking calls.
    mutating func exchange() throws {
        try communicator.broadcast(&weights, root: 0)
        if communicator.rank == 0 {
            try communicator.gatherv(Buffer<Float>(count: 0), into: &updates, counts: counts, root: 0)
        } else {
            try communicator.gatherv(weights, into: &updates, counts: [], root: 0)
        }
    }
}
