import Cryptography
import FedCore
import Records
import Runtime
import SecureAggregation

/// The client side of secure aggregation on one rank: makes each client's keys, shares and masks. A client whose phases are all done here
/// is kept from one to the next; one that another rank had is made again from the letters to it.
final class SecureClients {
    /// What is trained, and how.
    private let job: Job
    /// How long vectors are, and who shares with whom.
    private let terms: SecureTerms
    /// Where the rank's time is noted.
    private let timeline: Timeline
    /// From which all secrets of the clients follow.
    private let master: SecureMaster
    /// The attempt that clients are kept of, and whose it is where keys are signed.
    private var attempt: (round: RoundID, nonce: [UInt8])?
    private var cohort: [Int] = []
    /// What all sides of it agree on, by the size of the cohort.
    private var shared: SecureRound?
    /// Clients by number.
    private var clients: [Int: Client] = [:]
    /// An update before it is masked, reused.
    private var numbers: [Float] = []
    /// The sum of one update, reused.
    private var sum: UpdateSum

    /// A client in a dictionary, which holds no noncopyable values.
    private final class Client {
        var side: SecureClient

        init(_ side: consuming SecureClient) { self.side = side }
    }

    /// Prepares a rank.
    /// - Returns: nil in a run without secure aggregation.
    init?(_ job: Job, _ timeline: Timeline) {
        guard let terms = job.secure, let master = job.secureMaster else { return nil }
        (self.job, self.terms, self.master, self.timeline) = (job, terms, master, timeline)
        sum = job.terms.emptySum()
    }

    /// The first message: public keys, signed where the server may lie.
    func advertisement(of client: Int, _ round: RoundID, _ letter: [UInt8]) throws(SecureAggregationError) -> [UInt8] {
        timeline.enter(.keys, client: client)
        let made = try make(client, round, SecureLetter(letter))
        guard terms.adversary == .semiMaliciousServer else { return made.side.advertisement() }
        return made.side.advertisement(signedBy: SecureClient.signingKey(master: master.bytes, client: client))
    }

    /// The second message: sealed shares of both secrets.
    func keyShares(of client: Int, _ round: RoundID, _ letter: [UInt8]) throws(SecureAggregationError) -> [UInt8] {
        timeline.enter(.shares, client: client)
        let letter = try SecureLetter(letter)
        return try make(client, round, letter).side.keyShares(answering: letter.keyList)
    }

    /// The fourth message: shares of others' secrets.
    func unmaskAnswer(of client: Int, _ round: RoundID, _ letter: [UInt8]) throws(SecureAggregationError) -> [UInt8] {
        timeline.enter(.unmask, client: client)
        let letter = try SecureLetter(letter)
        if let known = known(client, round, letter) {
            do throws(SecureAggregationError) {
                return try known.side.unmaskAnswer(to: letter.request)
            } catch .outOfTurn {
                // Its vector was made elsewhere.
            }
        }
        let again = try sharing(client, round, letter)
        try again.side.rejoin(inbox: letter.inbox)
        return try again.side.unmaskAnswer(to: letter.request)
    }

    /// Trains a client, and masks what comes of it.
    /// - Parameters:
    ///   - slot: receives the masked vector, ``SecureTerms/words`` words; zeros when there is none.
    ///   - train: trains into the numbers of an update.
    /// - Returns: what the client reports in clear: what became of its work, and when it was done.
    /// - Throws: what `train` throws.
    func train(
        _ client: Int, _ round: RoundID, _ letter: [UInt8], into slot: inout MutableSpan<Float>,
        _ train: (inout MutableSpan<Float>) throws -> LocalResult
    ) throws -> LocalResult {
        var numbers = numbers
        self.numbers = []
        if numbers.isEmpty { numbers = [Float](repeating: 0, count: job.vectors.up) }
        defer { self.numbers = numbers }
        var update = numbers.mutableSpan
        var result = try train(&update)
        for i in slot.indices { slot[unchecked: i] = 0 }
        guard result.status.hasUpdate else { return result.inClear }
        timeline.enter(.mask, client: client)
        do {
            _ = try job.compression?.passThrough(&update, of: client, round)
            try check(client, result, round)
            if let narrow = terms.narrow {
                try sum.check(update.span)
                let message = try maskedInput(client, update.span, result, round, SecureLetter(letter), narrow)
                SecureAnswer.write(message, to: &slot)
                return result.inClear
            }
            sum.reset()
            try sum.add(update.span, weight: job.terms.weight(result.samples))
            try slot.withWords(terms.words) { words throws(SecureAggregationError) in
                write(result, to: &words, round)
                let letter = try SecureLetter(letter)
                try masking(client, round, letter).side.mask(&words, inbox: letter.inbox)
            }
        } catch let refusal as ExactSum.Refusal {
            result.status = UpdateStatus(refusal)
        } catch is SecureAggregationError {
            // What is not masked is not sent.
            for i in slot.indices { slot[unchecked: i] = 0 }
            result.status = .unusable
        } catch is UpdateSlot.Defect {
            result.status = .unusable
        }
        return result.inClear
    }

    // MARK: Parts

    /// Checks a report by the rules by which the server judges one: under masks nobody could find what is wrong with it.
    private func check(_ client: Int, _ result: LocalResult, _ round: RoundID) throws {
        let envelope = UpdateSlot.Envelope(client: client, round: round, result: result, payloadBytes: 0)
        try envelope.checkResult(samplesHeld: job.terms.samplesHeld(client))
    }

    /// Writes a client's vector: the partial sum that its update alone is, and what else is summed.
    private func write(_ result: LocalResult, to words: inout MutableSpan<Int64>, _ round: RoundID) {
        var partial = job.securePass(round)
        var front = words.part(0..<partial.wordCount)
        partial.write(sum, to: &front)
        for (i, word) in totals(of: result).encoded.enumerated() { words[partial.wordCount + i] = word }
    }

    /// What else of a client is summed.
    private func totals(of result: LocalResult) -> SecureTotals {
        let trained = result.status == .partial ? result.samples : job.trainedSamples(holding: result.samples)
        return SecureTotals(result, trained: job.turns * trained)
    }

    /// Makes elements of an update, masks them, and makes the third message of it.
    private func maskedInput(
        _ client: Int, _ update: Span<Float>, _ result: LocalResult, _ round: RoundID, _ letter: SecureLetter,
        _ narrow: any NarrowVector
    ) throws(SecureAggregationError) -> [UInt8] {
        guard narrow.accepts(letter.ranges) else { throw .badList }
        let places = job.compression?.sharedPlaces(of: update.count, round)
        let values = places.map { $0.map { update[$0] } } ?? update.array()
        let elements = try narrow.elements(
            values, at: places, weight: job.terms.weight(result.samples), totals(of: result), ranges: letter.ranges,
            client: client, round)
        return try masking(client, round, letter).side.maskedInput(elements, inbox: letter.inbox)
    }

    /// A client that can mask: the one that is kept, or, where its shares were made elsewhere or its vector went astray with a lost
    /// rank's message, one that is made again, which masks the same once more.
    private func masking(
        _ client: Int, _ round: RoundID, _ letter: SecureLetter
    ) throws(SecureAggregationError) -> Client {
        if let known = known(client, round, letter), known.side.canMask { return known }
        return try sharing(client, round, letter)
    }

    /// A client made again up to its shares.
    private func sharing(
        _ client: Int, _ round: RoundID, _ letter: SecureLetter
    ) throws(SecureAggregationError) -> Client {
        let again = try make(client, round, letter)
        _ = try again.side.keyShares(answering: letter.keyList)
        return again
    }

    /// A client that is kept; nil when it is not, or not of this attempt.
    private func known(_ client: Int, _ round: RoundID, _ letter: SecureLetter) -> Client? {
        guard let attempt, attempt == (round, letter.nonce) else { return nil }
        return clients[client]
    }

    /// Makes a client, to be kept.
    private func make(_ client: Int, _ round: RoundID, _ letter: SecureLetter) throws(SecureAggregationError) -> Client
    {
        if attempt.map({ $0 != (round, letter.nonce) }) ?? true {
            clients = [:]
            shared = try terms.round(
                round, clients: letter.clients, nonce: letter.nonce, identities: identities(of: letter.cohort))
            (attempt, cohort) = ((round, letter.nonce), letter.cohort)
        }
        guard let shared, shared.clients == letter.clients, cohort == letter.cohort else { throw .otherRound }
        guard cohort.isEmpty || cohort[letter.place] == client else { throw .unexpectedClient(client) }
        let secret = SecureClient.secret(master: master.bytes, round: shared, client: letter.place)
        let made = Client(SecureClient(round: shared, client: letter.place, secret: secret))
        clients[client] = made
        return made
    }

    /// The public keys of a cohort, by the clients' numbers in the run: the server says who takes part, and has no say in whose key is whose.
    private func identities(of cohort: [Int]) throws(SecureAggregationError) -> [[UInt8]] {
        guard let identities = job.secureIdentities else { return [] }
        guard cohort.allSatisfy({ $0 < job.settings.clients }), zip(cohort, cohort.dropFirst()).allSatisfy({ $0 < $1 })
        else { throw .badList }
        return identities.keys(of: cohort)
    }
}

extension LocalResult {
    /// What of a report is told in clear: the rest is summed under masks.
    fileprivate var inClear: LocalResult {
        var result = LocalResult()
        (result.status, result.simulatedSeconds) = (status, simulatedSeconds)
        return result
    }
}

extension Job {
    /// A pass over the words of a client's sum, or of all clients'.
    func securePass(_ round: RoundID) -> PartialSum {
        PartialSum(vectors.shape, [], at: compression?.sharedPlaces(of: vectors.up, round))
    }
}
