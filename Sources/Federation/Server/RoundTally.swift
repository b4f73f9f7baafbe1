import Aggregation
import FedCore

/// What has come in of a round: the sum of its updates, and what became of each client. One per server, emptied before
/// each attempt.
///
/// With the weighted mean the updates are added as they arrive, exactly (`ExactSum`), and never kept: memory does not
/// grow with the cohort, and neither the order of arrival nor the wire shows in the mean. Only if the aggregation or an
/// attack by colluders has to see each update are they kept, as rows of an `UpdateMatrix`, O(cohort · parameters)
/// memory.
///
/// Each client of the cohort ends in exactly one of ``results``, ``rejected``, ``late`` and ``dropped``; of these, ``held``
/// are kept by their devices for a later round, in which they come in as ``earlier``. An update is
/// judged by itself alone (docs/WIRE.md, rules 1 to 10), so that it is refused or not wherever and whenever it arrives.
final class RoundTally: AnswerReceiver {
    /// Σ wᵢ·uᵢ and Σ wᵢ; unused while updates are kept.
    var sum: UpdateSum
    /// The updates themselves, one row each, where the aggregation has to see them.
    var updates: UpdateMatrix
    /// The exponent of the power of two that each client's kept update is scaled by.
    private var exponents: [Int: Int] = [:]
    /// Whether each update is kept until the round's end.
    let keepsUpdates: Bool
    let terms: UpdateTerms
    /// The edges whose sums come, each a row where updates are kept; nil where clients' updates do.
    private let edges: EdgeTerms?
    /// The clients of the sum that was judged last.
    private var summed: [Int] = []
    /// Reports of the clients whose update counts, in the order of arrival; sort by client before summing.
    var results: [(client: Int, result: LocalResult)] = []
    /// What became of the others, as far as they were heard of.
    var leftOut: [(client: Int, status: UpdateStatus)] = []
    /// Clients whose update was left out because something is wrong with it.
    private(set) var rejected = 0
    /// Rejected clients whose update holds NaN or infinite values, or is too large.
    private(set) var diverged = 0
    /// Clients that had nothing at the deadline, or that the server waits for no longer.
    private(set) var late = 0
    /// Clients that did not answer, or whose rank was lost.
    private(set) var dropped = 0
    /// Simulated seconds until the last of them was at the server, or was waited for no longer.
    var simulatedSeconds = 0.0
    /// Bytes of the answers, as real devices would send them.
    var uploadBytes = 0
    /// What the clients of a masked sum report together; nil where each reports for itself.
    var totals: SecureTotals?
    /// Those of each client that sent one of its own, in the order of arrival.
    private(set) var uploads: [(client: Int, bytes: Int)] = []
    /// Bytes of the encoded updates among them, by what they say.
    private(set) var coded = CodedBytes()
    /// Those of the update that is taken in next.
    private var lastCoded = CodedBytes()
    /// Clients whose devices go away and keep their updates; no others may.
    var offline: Set<Int> = []
    /// What these keep, in the order of arrival. To the round each is a client that does not answer.
    private(set) var held: [HeldUpdates.Entry] = []
    /// Reports of the updates of earlier rounds that count in this one.
    private(set) var earlier: [(client: Int, result: LocalResult)] = []

    /// Error of the file of clients' states, after which the run cannot go on; the round loop throws it.
    private(set) var failure: (any Error)?

    /// Stores the new state of a client whose update counts.
    private let keep: (_ client: Int, _ state: Span<Float>) throws -> Void
    /// Hears of each update that is left out.
    private let rejection: (_ client: Int, _ reason: String) -> Void

    /// Makes an empty tally. O(parameters) memory, or as much for each update if they are kept.
    /// - Parameters:
    ///   - terms: lengths and weights of the sum, the same on every rank.
    ///   - keepsUpdates: whether updates are kept apart, instead of being added up.
    ///   - edges: the edges whose sums come, at the cloud of a hierarchy.
    ///   - keep: stores the new state of each client whose update counts.
    ///   - reject: told of each update that is left out, with the reason as a clause.
    init(
        _ terms: UpdateTerms, keepsUpdates: Bool = false, edges: EdgeTerms? = nil,
        keep: @escaping (_ client: Int, _ state: Span<Float>) throws -> Void = { _, _ in },
        reject: @escaping (_ client: Int, _ reason: String) -> Void
    ) {
        self.terms = terms
        self.keepsUpdates = keepsUpdates
        self.edges = edges
        sum = keepsUpdates && edges == nil ? UpdateSum(UpdateShape(plain: 0), totalWeight: 1) : terms.emptySum()
        updates = UpdateMatrix(dimension: keepsUpdates ? terms.shape.averaged : 0)
        self.keep = keep
        rejection = reject
    }

    /// Updates that count, those of earlier rounds among them.
    var participants: Int { results.count + earlier.count }

    /// Empties it for the next attempt, keeping the memory. O(parameters).
    func reset() {
        sum.reset()
        updates.reset()
        exponents = [:]
        results.removeAll(keepingCapacity: true)
        leftOut.removeAll(keepingCapacity: true)
        uploads.removeAll(keepingCapacity: true)
        (rejected, diverged, late, dropped, simulatedSeconds, uploadBytes) = (0, 0, 0, 0, 0, 0)
        (coded, lastCoded) = (CodedBytes(), CodedBytes())
        held.removeAll(keepingCapacity: true)
        earlier.removeAll(keepingCapacity: true)
        offline = []
        totals = nil
    }

    /// Counts the bytes of an encoded update, once it is taken in.
    func note(_ coded: CodedBytes) { lastCoded = coded }

    /// Takes in one client's answer: adds its update to the sum or leaves it out, and counts the client either way.
    /// O(floats).
    /// - Parameters:
    ///   - client: the client whose answer was expected here.
    ///   - envelope: what it reports, or what is wrong with the message.
    ///   - update: its change of the weights and what its strategy sends beside it, `[terms.shape.sent]`.
    ///   - state: its new state; empty when clients keep none.
    ///   - bytes: bytes of the answer as a real device would send it; they count whatever becomes of the update.
    func receive(
        _ client: Int, _ envelope: Result<UpdateSlot.Envelope, UpdateSlot.Defect>, _ update: Span<Float>,
        state: Span<Float>, bytes: Int
    ) {
        let own = lastCoded
        lastCoded = CodedBytes()
        do {
            // A real device keeps its state: it crosses only because any rank can train any client. What it keeps of the
            // update, too, it sends another time.
            if (try? envelope.get())?.result.status != .held {
                (uploadBytes, coded) = (uploadBytes + bytes, coded + own)
                uploads.append((client, bytes))
            }
            let envelope = try envelope.get()
            try envelope.checkResult(samplesHeld: terms.samplesHeld(client))
            let result = envelope.result
            simulatedSeconds = max(simulatedSeconds, result.simulatedSeconds)
            let isAway = offline.contains(client)
            guard result.status == .held ? isAway : !(isAway && result.status.hasUpdate) else {
                throw UpdateSlot.Defect.wrongPresence(isAway: isAway)
            }
            switch result.status {
            case .held:
                guard state.firstNonFinite == nil else { throw UpdateSlot.Defect.badState }
                // By then it can be refused no longer: nobody would know whose fault it was.
                try sum.check(update)
                held.append(HeldUpdates.Entry(client, HeldUpdate(update, result, bytes: bytes, coded: own)))
                dropped += 1
                keepState(client, state)
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

    /// Takes in an update of an earlier round that its device has kept. O(floats).
    /// - Parameters:
    ///   - entry: the update, and whose it is.
    ///   - factor: by which it weighs less for its age.
    ///   - seconds: simulated seconds from the round's start until it was at the server; nil when it came in an earlier
    ///     attempt, and its bytes have been counted.
    /// - Returns: whether it counts.
    func receive(_ entry: HeldUpdates.Entry, factor: Double, seconds: Double?) -> Bool {
        let (client, update) = (entry.client, entry.update)
        if let seconds {
            (uploadBytes, coded) = (uploadBytes + update.bytes, coded + update.coded)
            uploads.append((client, update.bytes))
            simulatedSeconds = max(simulatedSeconds, seconds)
        }
        do {
            // However old it is, it has the least weight that there is.
            try sum.add(update.numbers.span, weight: max(terms.weight(update.result.samples) * factor, 0x1p-20))
            earlier.append((client, update.result))
            return true
        } catch {
            rejection(client, error.line)
            return false
        }
    }

    /// Adds words of a sum of clients' updates. O(words), whatever the number of clients.
    func add(_ words: Span<Int64>, from start: Int, of partial: PartialSum) {
        partial.add(words, from: start, to: &sum)
    }

    /// Judges a sum of clients' updates by its checksum and by an envelope of each.
    ///
    /// The weight that the sum holds must be what its envelopes say, or updates would be averaged with wrong weights.
    func judge(
        _ partial: PartialSum, _ envelopes: [(client: Int, envelope: Result<UpdateSlot.Envelope, UpdateSlot.Defect>)],
        bytes: Int
    ) -> Bool {
        // Under edges clients' bytes are those that they sent to their edge.
        if edges == nil { uploadBytes += bytes }
        do {
            guard partial.isSound else { throw UpdateSlot.Defect.damagedSum }
            var weight = 0.0
            for (client, envelope) in envelopes {
                do {
                    let envelope = try envelope.get()
                    guard !terms.hidesReports else { continue }
                    try envelope.checkResult(samplesHeld: terms.samplesHeld(client))
                    if envelope.result.status.hasUpdate { weight += terms.weight(envelope.result.samples) }
                } catch {
                    throw UpdateSlot.Defect.spoiltSum("\(error) (client \(client))")
                }
            }
            guard weight == partial.weight || terms.hidesReports else {
                throw UpdateSlot.Defect.wrongSumWeight(expected: weight, actual: partial.weight)
            }
            try sum.add(weight: partial.weight)
        } catch {
            for (client, _) in envelopes { reject(client, because: error) }
            return false
        }
        for case (let client, .success(let envelope)) in envelopes {
            let result = envelope.result
            if edges != nil { uploadBytes += envelope.payloadBytes }
            simulatedSeconds = max(simulatedSeconds, result.simulatedSeconds)
            if !result.status.hasUpdate {
                leaveOut(client, envelope)
            } else if terms.hidesReports {
                receive(masked: result, of: client)
            } else {
                results.append((client, result))
            }
        }
        summed = envelopes.map(\.client)
        return true
    }

    /// Makes a row of the sum that is complete, which is one edge's, where the rule has to see each edge's update.
    func endSum() {
        guard let edges, keepsUpdates, let first = summed.first else { return }
        defer { summed = [] }
        guard sum.weight > 0 else { return }
        let weight = sum.weight
        var refusal: ExactSum.Refusal?
        sum.withMeanInPlace { mean in
            do throws(ExactSum.Refusal) {
                try updates.append(client: edges.edge(of: first), weight: weight, mean.span)
            } catch {
                refusal = error
            }
        }
        sum.reset()
        if let refusal { reject(row: edges.edge(of: first), because: refusal) }
    }

    func dropWords() {
        precondition(results.isEmpty || keepsUpdates, "words are taken back only before other answers")
        sum.reset()
    }

    /// Adds an update to the sum, or keeps it as a row, if it is finite and small enough.
    private func add(_ update: Span<Float>, of client: Int, weight: Double) throws(ExactSum.Refusal) {
        if keepsUpdates {
            let exponent = try terms.shape.exponent(of: update)
            try updates.append(client: client, weight: weight, update.extracting(0..<terms.shape.averaged))
            if terms.shape.isScaled { exponents[client] = exponent }
        } else {
            try sum.add(update, weight: weight)
        }
    }

    /// Makes one update of all that have come: colluding attackers forge theirs first, then the rule aggregates the
    /// rows, or the exact sum is divided by its weight.
    /// - Parameters:
    ///   - rule: the aggregation; it may learn from what it sees.
    ///   - trusted: the server's own update, `[terms.shape.averaged]`; empty unless the rule asks for one.
    ///   - attack: the run's attack; only collusion happens at this point.
    ///   - attackers: numbers of the clients that collude.
    ///   - body: called with the update, `[terms.shape.averaged]`, if there is one: some weight, or as many rows as the
    ///     rule needs. A mean is made in the memory of the sum, so nothing but ``reset()`` can follow.
    /// - Complexity: O(parameters) for the mean, otherwise that of the rule.
    func aggregate(
        by rule: inout any RobustAggregation, trusting trusted: Span<Float>, under attack: (any Attack)?,
        by attackers: Set<Int>, _ body: (inout MutableSpan<Float>) -> Void
    ) {
        if keepsUpdates {
            bringToOneScale()
            if edges == nil { forge(attack, by: attackers) }
            guard !rule.needsEachUpdate else {
                var update = [Float](repeating: 0, count: terms.shape.averaged)
                var span = update.mutableSpan
                if aggregateRows(by: &rule, trusting: trusted, into: &span) { body(&span) }
                return
            }
            addRows()
        }
        if sum.weight > 0 { sum.withMeanInPlace(body) }
    }

    /// Multiplies kept rows by their powers of two, relative to the largest exponent among them, so that the rule can
    /// compare them. Strategies with scaled updates use ratios of the mean only, so the common factor does not matter.
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

    /// Hands the rows to the rule. An update that the rule cannot work with is left out, and the rest is tried again
    /// while there are enough.
    private func aggregateRows(
        by rule: inout any RobustAggregation, trusting trusted: Span<Float>, into mean: inout MutableSpan<Float>
    ) -> Bool {
        while updates.count >= rule.minimumUpdates {
            do throws(AggregationError) {
                try rule.aggregate(updates, trusted: trusted, into: &mean)
                return true
            } catch {
                updates.remove(client: error.client)
                reject(row: error.client, because: error.refusal)
            }
        }
        return false
    }

    /// Stores a client's new state; the first error is kept for the round loop, because receivers cannot throw.
    private func keepState(_ client: Int, _ state: Span<Float>) {
        guard state.count > 0, failure == nil else { return }
        do {
            try keep(client, state)
        } catch {
            failure = error
        }
    }

    /// Counts a client whose envelope says that there is no update to weigh. One that its own rank has found unusable
    /// is checked again here, for a reason that says more.
    private func leaveOut(_ client: Int, _ envelope: UpdateSlot.Envelope) {
        switch envelope.result.status {
        case .late:
            late += 1
            leftOut.append((client, .late))
        case .dropped:
            dropped += 1
            leftOut.append((client, .dropped))
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

    /// Counts the client of a row that counts no longer, or the clients of an edge's.
    private func reject(row: Int, because error: any Error) {
        let clients = results.map(\.client).filter { edges?.edge(of: $0) ?? $0 == row }
        results.removeAll { clients.contains($0.client) }
        for client in clients { reject(client, because: error) }
    }

    /// Counts a client whose update is left out, and tells why.
    func reject(_ client: Int, because error: any Error) {
        rejected += 1
        if isDivergence(error) { diverged += 1 }
        leftOut.append((client, isDivergence(error) ? .notFinite : .unusable))
        rejection(client, error.line)
    }

    /// Counts clients whose rank was lost, and whose work is not given to others.
    func drop(_ clients: Int) { dropped += clients }

    /// Counts clients that the server waits for no longer.
    func markLate(_ clients: Int) { late += clients }
}
