import MPI

/// The default wire: every client's update comes up by itself in `MPI_Gatherv`.
///
/// With many clients on a rank the updates come in waves, so that the server's buffer stays under a bound whatever the
/// cohort. All ranks derive the waves from the round's assignment; nothing about sizes is sent.
/// Rank 0 is the server and sends nothing; worker `w` is rank `w + 1`.
final class GathervWire {
    private let communicator: any Communicator
    private let parameterCount: Int
    private let workers: Int
    private let stop: StopFlag
    let slotBytes: Int
    /// Clients of one worker in one wave.
    let slotsPerWave: Int
    private var sendBuffer: Buffer<UInt8>?
    private var receiveBuffer: Buffer<UInt8>?

    /// Bound of the server's buffer, unless one update per worker needs more.
    static let defaultServerBytes = 64 << 20

    init(
        _ communicator: any Communicator, parameterCount: Int, cohortSize: Int,
        serverBytes: Int = GathervWire.defaultServerBytes, stop: StopFlag = StopFlag()
    ) {
        self.stop = stop
        self.communicator = communicator
        self.parameterCount = parameterCount
        workers = communicator.size - 1
        slotBytes = UpdateSlot.byteCount(parameterCount: parameterCount)
        slotsPerWave = min(cohortSize, max(1, serverBytes / (slotBytes * workers)))
        let isServer = communicator.rank == 0
        sendBuffer = Buffer(count: isServer ? 0 : slotsPerWave * slotBytes)
        receiveBuffer = Buffer(count: isServer ? min(cohortSize, slotsPerWave * workers) * slotBytes : 0)
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

    /// Worker: fills the buffer, an update per client, and sends it. Collective.
    /// - Parameter fill: writes the change of the weights of one client and returns its result.
    func send(
        round: Int, wave: Int, _ assignment: Assignment,
        fill: (_ client: Int, _ change: inout MutableSpan<Float>) throws -> LocalResult
    ) throws {
        guard var buffer = sendBuffer.take() else { preconditionFailure("the wire is in use") }
        let clients = clients(of: communicator.rank - 1, wave: wave, assignment)
        for (slot, client) in clients.enumerated() {
            let offset = slot * slotBytes
            let result = try buffer.withMutableSpan(
                of: Float.self, at: offset + UpdateSlot.envelopeBytes, count: parameterCount
            ) { change in
                try fill(client, &change)
            }
            UpdateSlot.writeEnvelope(
                .init(client: client, round: round, result: result, payloadBytes: parameterCount * 4),
                to: &buffer, at: offset)
        }
        let request = try communicator.startGatherv(
            buffer, sending: clients.count * slotBytes, into: Buffer(count: 0), counts: [], root: 0)
        sendBuffer = try request.wait(unless: stop).send
    }

    /// Server: receives one wave. Collective.
    /// - Parameters:
    ///   - whileWaiting: called a few times a second.
    ///   - receive: called for each client in the order of workers, with its envelope, or what is wrong with it, and
    ///     the change of its weights.
    func collect(
        round: Int, wave: Int, _ assignment: Assignment, whileWaiting: () throws -> Void,
        receive: (
            _ client: Int, _ envelope: Result<UpdateSlot.Envelope, UpdateSlot.Defect>, _ change: Span<Float>
        ) throws -> Void
    ) throws {
        guard let send = sendBuffer.take(), let into = receiveBuffer.take() else {
            preconditionFailure("the wire is in use")
        }
        let clients = (0..<workers).map { self.clients(of: $0, wave: wave, assignment) }
        let counts = [0] + clients.map { $0.count * slotBytes }
        var request = try communicator.startGatherv(send, sending: 0, into: into, counts: counts, root: 0)
        while try !request.wait(until: .now + .milliseconds(100)) { try whileWaiting() }
        let buffers = try request.wait()
        var offset = 0
        for client in clients.joined() {
            let envelope = Result { () throws(UpdateSlot.Defect) in
                try UpdateSlot.readEnvelope(
                    buffers.receive, at: offset, client: client, round: round, payloadBytes: parameterCount * 4)
            }
            try buffers.receive.withSpan(
                of: Float.self, at: offset + UpdateSlot.envelopeBytes, count: parameterCount
            ) { change in
                try receive(client, envelope, change)
            }
            offset += slotBytes
        }
        keep(buffers)
    }

    private func keep(_ buffers: consuming GatherBuffers<UInt8>) {
        sendBuffer = .some(buffers.send)
        receiveBuffer = .some(buffers.receive)
    }
}
