import Aggregation
import FedCore

/// What has come in of a round: the exact sum of its updates, and what became of each client.
final class RoundTally: AnswerReceiver {
    private var sum: UpdateSum
    /// The updates themselves, where the aggregation has to see them, and the exponents of those that are scaled.
    private var updates: UpdateMatrix
    private var exponents: [Int: Int] = [:]
    let keepsUpdates: Bool
    private let terms: UpdateTerms
    /// Clients whose update entered the sum, in the order of arrival.
    private(set) var results: [(client: Int, result: LocalResult)] = []
    /// Clients whose update was left out because something is wrong with it.
    private(set) var rejected = 0
    /// Rejected clients whose update holds NaN or infinite values, or is too large.
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

    private let keep: (_ client: Int, _ state: Span<Float>) throws -> Void
    private let rejection: (_ client: Int, _ reason: String) -> Void

    /// - Parameters:
    ///   - terms: of the sum; a client's state lies behind what is summed.
    ///   - keepsUpdates: whether they are kept apart, instead of being added up.
    ///   - keep: told of the new state of each client whose update is in the sum.
    ///   - reject: told of each update that is left out.
    init(
        _ terms: UpdateTerms, keepsUpdates: Bool = false,
        keep: @escaping (_ client: Int, _ state: Span<Float>) throws -> Void = { _, _ in },
        reject: @escaping (_ client: Int, _ reason: String) -> Void
    ) {
        self.terms = terms
        self.keepsUpdates = keepsUpdates
        sum = keepsUpdates ? UpdateSum(UpdateShape(plain: 0), totalWeight: 1) : terms.emptySum()
        updates = UpdateMatrix(dimension: keepsUpdates ? terms.shape.averaged : 0)
        self.keep = keep
        rejection = reject
    }

    var participants: Int { results.count }

    func reset() {
        sum.reset()
        updates.reset()
        exponents = [:]
        results.removeAll(keepingCapacity: true)
        (rejected, diverged, late, dropped, simulatedSeconds, uploadBytes) = (0, 0, 0, 0, 0, 0)
    }

    /// A client's update as it came: its envelope, or what is wrong with it, and the change of the weights.
    func receive(
        _ client: Int, _ envelope: Result<UpdateSlot.Envelope, UpdateSlot.Defect>, _ update: Span<Float>,
        state: Span<Float>, bytes: Int
    ) {
        // A real device keeps its state: it crosses only because any rank can train any client.
        uploadBytes += bytes
        do {
            let envelope = try envelope.get()
            try envelope.checkResult(samplesHeld: terms.samplesHeld(client))
            let result = envelope.result
            simulatedSeconds = max(simulatedSeconds, result.simulatedSeconds)
            switch result.status {
            case .complete, .partial:
                guard state.firstNonFinite == nil else { throw UpdateSlot.Defect.badState }
                try add(update, of: client, weight: terms.weight(result.samples))
                results.append((client, result))
                keepState(client, state)
            default: leaveOut(client, envelope)
            }
        } catch {
            reject(client, because: error)
        }
    }

    /// A sum of clients' updates, as ``PartialSum`` writes it with these levels, and an envelope of each. It is all or nothing: of a sum one
    /// cannot take out what is wrong with it.
    func receive(
        _ envelopes: [(client: Int, envelope: Result<UpdateSlot.Envelope, UpdateSlot.Defect>)], sum words: Span<Int64>,
        levels: [ScaledSum.Levels], bytes: Int
    ) {
        uploadBytes += bytes
        do {
            guard PartialSum.isSound(words) else { throw UpdateSlot.Defect.damagedSum }
            var weight = 0.0
            for (client, envelope) in envelopes {
                do {
                    let envelope = try envelope.get()
                    try envelope.checkResult(samplesHeld: terms.samplesHeld(client))
                    if envelope.result.status.hasUpdate { weight += terms.weight(envelope.result.samples) }
                } catch {
                    throw UpdateSlot.Defect.spoiltSum("\(error) (client \(client))")
                }
            }
            let actual = PartialSum.weight(words)
            guard weight == actual else { throw UpdateSlot.Defect.wrongSumWeight(expected: weight, actual: actual) }
            try sum.add(partial: words.extracting(..<(words.count - 2)), levels: levels, weight: weight)
        } catch {
            for (client, _) in envelopes { reject(client, because: error) }
            return
        }
        for case (let client, .success(let envelope)) in envelopes {
            let result = envelope.result
            simulatedSeconds = max(simulatedSeconds, result.simulatedSeconds)
            if result.status.hasUpdate { results.append((client, result)) } else { leaveOut(client, envelope) }
        }
    }

    private func add(_ update: Span<Float>, of client: Int, weight: Double) throws(ExactSum.Refusal) {
        if keepsUpdates {
            let exponent = try terms.shape.exponent(of: update)
            try updates.append(client: client, weight: weight, update.extracting(0..<terms.shape.averaged))
            if terms.shape.isScaled { exponents[client] = exponent }
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
        if keepsUpdates {
            bringToOneScale()
            if let attack = attack?.collusion {
                attack.forge(
                    rows: updates.clients.indices.filter { attackers.contains(updates.clients[$0]) }, of: &updates)
            }
            guard !rule.needsEachUpdate else { return aggregateRows(by: &rule, trusting: trusted, into: &mean) }
            addRows()
        }
        guard sum.weight > 0 else { return false }
        sum.mean(into: &mean)
        return true
    }

    /// Writes scaled rows out, relative to the largest power of two among them.
    private func bringToOneScale() {
        guard let largest = exponents.values.max() else { return }
        let scaled = terms.shape.scaledCount
        for (row, client) in updates.clients.enumerated() {
            // Far below the largest it is 0.
            let factor = Float(sign: .plus, exponent: (exponents[client] ?? 0) - largest, significand: 1)
            updates.changeRow(row) { elements in
                for i in 0..<scaled { elements[unchecked: i] *= factor }
            }
        }
    }

    /// The mean of the rows is the exact sum, as if they had never been kept apart.
    private func addRows() {
        sum = terms.emptySum()
        for (row, client) in updates.clients.enumerated() {
            let update = updates.row(row) + (terms.shape.isScaled ? [0] : [])
            do throws(ExactSum.Refusal) {
                try sum.add(update.span, weight: updates.weights[row])
            } catch {
                results.removeAll { $0.client == client }
                reject(client, because: error)
            }
        }
    }

    /// An update that the rule cannot work with is left out, and the rest is tried again.
    private func aggregateRows(
        by rule: inout any RobustAggregation, trusting trusted: Span<Float>, into mean: inout MutableSpan<Float>
    ) -> Bool {
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

    private func leaveOut(_ client: Int, _ envelope: UpdateSlot.Envelope) {
        switch envelope.result.status {
        case .late: late += 1
        case .dropped: dropped += 1
        case .unusable:
            var claimed = envelope
            claimed.result.status = .complete
            do throws(UpdateSlot.Defect) {
                try claimed.checkResult(samplesHeld: terms.samplesHeld(client))
                reject(client, because: UpdateSlot.Defect.refused(.unusable))
            } catch {
                reject(client, because: error)
            }
        default: reject(client, because: UpdateSlot.Defect.refused(envelope.result.status))
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
