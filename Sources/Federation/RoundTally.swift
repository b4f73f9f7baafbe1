import Aggregation
import FedCore

/// What has come in of a round: the exact sum of its updates, and what became of each client.
final class RoundTally: AnswerReceiver {
    private(set) var sum: ExactSum
    /// The updates themselves, where the aggregation has to see them; the sum is empty then.
    private(set) var updates: UpdateMatrix
    let keepsUpdates: Bool
    private let updateFloats: Int
    /// Clients whose update entered the sum, in the order of arrival.
    private(set) var results: [(client: Int, result: LocalResult)] = []
    /// Clients whose update was left out because something is wrong with it.
    private(set) var rejected = 0
    /// Of these, whose update holds NaN or infinite values, or is too large.
    private(set) var diverged = 0
    /// Clients that had nothing at the deadline.
    private(set) var late = 0
    /// Clients that did not answer, or whose rank was lost.
    private(set) var dropped = 0
    /// Simulated: until the last of them was at the server, or was waited for no longer.
    private(set) var simulatedSeconds = 0.0
    private(set) var uploadBytes = 0

    /// Why a client's new state could not be kept: the run cannot go on.
    private(set) var failure: (any Error)?

    private let weight: (_ samples: Int) -> Double
    private let keep: (_ client: Int, _ state: Span<Float>) throws -> Void
    private let partitionCount: (Int) -> Int
    private let rejection: (_ client: Int, _ reason: String) -> Void

    /// - Parameters:
    ///   - updateFloats: of what is averaged; a client's state lies behind it.
    ///   - keepsUpdates: whether they are kept apart, instead of being added up.
    ///   - weight: of an update in the mean.
    ///   - keep: told of the new state of each client whose update is in the sum.
    ///   - samplesHeld: by a client.
    ///   - reject: told of each update that is left out.
    init(
        updateFloats: Int, keepsUpdates: Bool = false, weight: @escaping (_ samples: Int) -> Double = { Double($0) },
        keep: @escaping (_ client: Int, _ state: Span<Float>) throws -> Void = { _, _ in },
        samplesHeld: @escaping (_ client: Int) -> Int,
        reject: @escaping (_ client: Int, _ reason: String) -> Void
    ) {
        self.updateFloats = updateFloats
        self.keepsUpdates = keepsUpdates
        sum = ExactSum(count: keepsUpdates ? 0 : updateFloats)
        updates = UpdateMatrix(dimension: keepsUpdates ? updateFloats : 0)
        self.weight = weight
        self.keep = keep
        partitionCount = samplesHeld
        rejection = reject
    }

    var participants: Int { results.count }

    func reset() {
        sum.reset()
        updates.reset()
        results.removeAll(keepingCapacity: true)
        (rejected, diverged, late, dropped, simulatedSeconds, uploadBytes) = (0, 0, 0, 0, 0, 0)
    }

    /// A client's update as it came: its envelope, or what is wrong with it, and the change of the weights.
    func receive(
        _ client: Int, _ envelope: Result<UpdateSlot.Envelope, UpdateSlot.Defect>, _ slot: Span<Float>
    ) {
        let update = slot.extracting(0..<updateFloats)
        let state = slot.extracting(updateFloats...)
        // A real device keeps its state: it crosses only because any rank can train any client.
        uploadBytes += UpdateSlot.byteCount(parameterCount: update.count)
        do {
            let envelope = try envelope.get()
            try envelope.checkResult(samplesHeld: partitionCount(client))
            let result = envelope.result
            simulatedSeconds = max(simulatedSeconds, result.simulatedSeconds)
            switch result.status {
            case .complete, .partial:
                guard state.firstNonFinite == nil else { throw UpdateSlot.Defect.badState }
                try add(update, of: client, weight: weight(result.samples))
                results.append((client, result))
                keepState(client, state)
            default: leaveOut(client, result.status)
            }
        } catch {
            reject(client, because: error)
        }
    }

    /// A sum of clients' updates, as ``PartialSum`` writes it, with an envelope of each. It is all or nothing: of a sum one
    /// cannot take out what is wrong with it.
    func receive(
        _ envelopes: [(client: Int, envelope: Result<UpdateSlot.Envelope, UpdateSlot.Defect>)], sum words: Span<Int64>,
        bytes: Int
    ) {
        uploadBytes += bytes
        do {
            guard PartialSum.isSound(words) else { throw UpdateSlot.Defect.damagedSum }
            var weight = 0.0
            for (client, envelope) in envelopes {
                do {
                    let envelope = try envelope.get()
                    try envelope.checkResult(samplesHeld: partitionCount(client))
                    if envelope.result.status.hasUpdate { weight += self.weight(envelope.result.samples) }
                } catch {
                    throw UpdateSlot.Defect.spoiltSum("\(error) (client \(client))")
                }
            }
            let actual = PartialSum.weight(words)
            guard weight == actual else { throw UpdateSlot.Defect.wrongSumWeight(expected: weight, actual: actual) }
            try sum.add(
                partial: words.extracting(..<(words.count - 3)), weight: weight, magnitude: PartialSum.magnitude(words))
        } catch {
            for (client, _) in envelopes { reject(client, because: error) }
            return
        }
        for case (let client, .success(let envelope)) in envelopes {
            let result = envelope.result
            simulatedSeconds = max(simulatedSeconds, result.simulatedSeconds)
            if result.status.hasUpdate { results.append((client, result)) } else { leaveOut(client, result.status) }
        }
    }

    private func add(_ update: Span<Float>, of client: Int, weight: Double) throws(ExactSum.Refusal) {
        if keepsUpdates {
            try updates.append(client: client, weight: weight, update)
        } else {
            try sum.add(update, weight: weight)
        }
    }

    /// Makes one update of those that have come.
    /// - Parameters:
    ///   - mean: receives it.
    ///   - trusted: the server's own update, if the rule wants one.
    ///   - attackers: who agree on what to send, if `attack` is of that kind.
    /// - Returns: whether there is one.
    func aggregate(
        by rule: inout any RobustAggregation, trusting trusted: Span<Float>, under attack: (any Attack)?,
        by attackers: Set<Int>,
        into mean: inout MutableSpan<Float>
    ) -> Bool {
        guard keepsUpdates else {
            guard sum.weight > 0 else { return false }
            sum.mean(into: &mean)
            return true
        }
        if let attack = attack as? any CollusionAttack {
            attack.forge(rows: updates.clients.indices.filter { attackers.contains(updates.clients[$0]) }, of: &updates)
        }
        // An update that the rule cannot work with is left out, and the rest is tried again.
        while updates.count >= rule.minimumUpdates {
            do throws(AggregationError) {
                try rule.aggregate(updates, trusted: trusted, into: &mean)
                return true
            } catch {
                updates.remove(client: error.client)
                results.removeAll { $0.client == error.client }
                reject(error.client, because: error.refusal)
            }
        }
        return false
    }

    private func keepState(_ client: Int, _ state: Span<Float>) {
        guard state.count > 0, failure == nil else { return }
        do {
            try keep(client, state)
        } catch {
            failure = error
        }
    }

    private func leaveOut(_ client: Int, _ status: UpdateStatus) {
        switch status {
        case .late: late += 1
        case .dropped: dropped += 1
        default: reject(client, because: UpdateSlot.Defect.refused(status))
        }
    }

    private func reject(_ client: Int, because error: any Error) {
        rejected += 1
        if isDivergence(error) { diverged += 1 }
        rejection(client, error.line)
    }

    /// Clients that nothing will come of: of a lost rank.
    func drop(_ clients: Int) { dropped += clients }

    /// Clients that the server waits for no longer.
    func giveUp(_ clients: Int) { late += clients }
}
