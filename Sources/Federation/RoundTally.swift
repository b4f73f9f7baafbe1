import FedCore

/// What has come in of a round: the exact sum of its updates, and what became of each client.
final class RoundTally {
    private(set) var sum: ExactSum
    /// Clients whose update entered the sum, in the order of arrival.
    private(set) var results: [(client: Int, result: LocalResult)] = []
    /// Clients whose update was left out because something is wrong with it.
    private(set) var rejected = 0
    /// Clients that had nothing at the deadline.
    private(set) var late = 0
    /// Clients that did not answer, or whose rank was lost.
    private(set) var dropped = 0
    /// Simulated: until the last of them was at the server, or was waited for no longer.
    private(set) var simulatedSeconds = 0.0
    private(set) var uploadBytes = 0

    private let partitionCount: (Int) -> Int
    private let reject: (_ client: Int, _ reason: String) -> Void

    /// - Parameters:
    ///   - samplesHeld: by a client.
    ///   - reject: told of each update that is left out.
    init(
        parameterCount: Int, samplesHeld: @escaping (_ client: Int) -> Int,
        reject: @escaping (_ client: Int, _ reason: String) -> Void
    ) {
        sum = ExactSum(count: parameterCount)
        partitionCount = samplesHeld
        self.reject = reject
    }

    var participants: Int { results.count }

    func reset() {
        sum.reset()
        results.removeAll(keepingCapacity: true)
        (rejected, late, dropped, simulatedSeconds, uploadBytes) = (0, 0, 0, 0, 0)
    }

    /// A client's update as it came: its envelope, or what is wrong with it, and the change of the weights.
    func receive(
        _ client: Int, _ envelope: Result<UpdateSlot.Envelope, UpdateSlot.Defect>, _ change: Span<Float>
    ) {
        uploadBytes += UpdateSlot.byteCount(parameterCount: change.count)
        do {
            let envelope = try envelope.get()
            try envelope.checkResult(samplesHeld: partitionCount(client))
            let result = envelope.result
            simulatedSeconds = max(simulatedSeconds, result.simulatedSeconds)
            switch result.status {
            case .complete, .partial:
                try sum.add(change, weight: Double(result.samples))
                results.append((client, result))
            case .late: late += 1
            case .dropped: dropped += 1
            }
        } catch {
            rejected += 1
            reject(client, "\(error)")
        }
    }

    /// Clients that nothing will come of: of a lost rank.
    func drop(_ clients: Int) { dropped += clients }

    /// Clients that the server waits for no longer.
    func giveUp(_ clients: Int) { late += clients }
}
