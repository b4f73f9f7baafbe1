import MPI

/// The default wire: every client's update comes up by itself in `MPI_Gatherv`.
///
/// With many clients on a rank the updates come in waves, so that the server's buffer stays under a bound whatever the
/// cohort. All ranks derive the waves from the round's assignment; nothing about sizes is sent.
/// Rank 0 is the server and sends nothing; worker `w` is rank `w + 1`.
final class GathervWire {
    private let communicator: any Communicator
    private let workers: Int
    let parameterCount: Int
    let slotBytes: Int
    /// Clients of one worker in one wave.
    let slotsPerWave: Int
    /// On the server, between waves.
    private var receiveBuffer: Buffer<UInt8>?

    /// Bound of the server's buffer, unless one update per worker needs more.
    static let defaultServerBytes = 64 << 20

    init(
        _ communicator: any Communicator, parameterCount: Int, cohortSize: Int,
        serverBytes: Int = GathervWire.defaultServerBytes
    ) {
        self.communicator = communicator
        self.parameterCount = parameterCount
        workers = communicator.size - 1
        slotBytes = UpdateSlot.byteCount(parameterCount: parameterCount)
        slotsPerWave = min(cohortSize, max(1, serverBytes / (slotBytes * workers)))
        if communicator.rank == 0 {
            receiveBuffer = Buffer(count: min(cohortSize, slotsPerWave * workers) * slotBytes)
        }
    }

    /// How often the ranks gather this round.
    func waveCount(_ assignment: Assignment) -> Int {
        let longest = assignment.clientsOfWorker.reduce(0) { max($0, $1.count) }
        return (longest + slotsPerWave - 1) / slotsPerWave
    }

    /// A worker's clients in one wave.
    func clients(of worker: Int, wave: Int, _ assignment: Assignment) -> ArraySlice<Int> {
        let clients = assignment.clientsOfWorker[worker]
        let start = min(wave * slotsPerWave, clients.count)
        return clients[start..<min(start + slotsPerWave, clients.count)]
    }

    /// Worker: sends one wave. Collective, unless it is given up.
    /// - Parameter giveUp: asked while waiting; true leaves the gather, and the batch keeps its contents.
    func send(_ batch: inout UpdateBatch, unless giveUp: () throws -> Bool) throws {
        let count = batch.byteCount
        var request = try communicator.startGatherv(
            batch.take(), sending: count, into: Buffer(count: 0), counts: [], root: 0)
        let isGivenUp = try Backoff.default.wait(for: &request, unless: giveUp)
        if isGivenUp {
            batch.giveBack(request.abandon { Buffer(copying: $0.send) })
        } else {
            batch.giveBack(try request.wait().send)
        }
    }

    /// Server: receives one wave. Collective, unless it is given up.
    /// - Parameters:
    ///   - giveUp: asked a few times a second; true leaves the gather.
    ///   - tally: receives the clients in the order of workers.
    /// - Returns: whether the wave is complete.
    func collect(
        round: RoundID, wave: Int, _ assignment: Assignment, into tally: RoundTally, unless giveUp: () throws -> Bool
    ) throws -> Bool {
        guard let into = receiveBuffer.take() else { preconditionFailure("the wire is in use, or was given up") }
        let clients = (0..<workers).map { self.clients(of: $0, wave: wave, assignment) }
        let counts = [0] + clients.map { $0.count * slotBytes }
        var request = try communicator.startGatherv(Buffer(count: 0), into: into, counts: counts, root: 0)
        while try !request.wait(until: .now + .milliseconds(100)) {
            if try giveUp() { return false }
        }
        let received = try request.wait().receive
        var offset = 0
        for client in clients.joined() {
            UpdateSlot.deliver(
                received, at: offset, client: client, round: round, parameterCount: parameterCount, to: tally)
            offset += slotBytes
        }
        receiveBuffer = .some(received)
        return true
    }
}

extension UpdateSlot {
    /// Checks a slot that should hold this client's update, and hands it over.
    static func deliver(
        _ buffer: borrowing Buffer<UInt8>, at offset: Int, client: Int, round: RoundID, parameterCount: Int,
        to tally: RoundTally
    ) {
        let envelope: Result<Envelope, Defect>
        do {
            envelope = .success(
                try readEnvelope(
                    buffer, at: offset, client: client, round: round, payloadBytes: parameterCount * 4))
        } catch {
            envelope = .failure(error)
        }
        buffer.withSpan(of: Float.self, at: offset + envelopeBytes, count: parameterCount) { change in
            tally.receive(client, envelope, change)
        }
    }
}
