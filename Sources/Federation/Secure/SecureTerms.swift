import Devices
import FedCore
import Records
import SecureAggregation

/// What every rank knows of a run's secure aggregation: how long masked vectors are, and who is whose neighbour. Follows from the
/// settings and the size of a cohort, so that the server tells clients no more than who they are.
struct SecureTerms: Sendable {
    /// Elements of a client's vector. Of exact sums they are the words of a partial sum, then ``SecureTotals``.
    let words: Int
    /// How an update becomes elements of a small ring; nil for exact sums in words of 64 bits.
    let narrow: (any NarrowVector)?
    /// Neighbours of a client at most, in a cohort of any size.
    let mostNeighbours: Int
    /// Against whom masks are to hold.
    let adversary: SecureAdversary
    /// Shares of the clients that are assumed to tell the server all, and to leave.
    private let corrupt: Double
    private let dropout: Double
    /// How likely a simulated device leaves in a round.
    private let dropProbability: Double
    /// The run's, from which graph and departures follow.
    private let seed: UInt64

    /// Takes the terms from the settings.
    /// - Parameters:
    ///   - words: words of a partial sum.
    ///   - narrow: how an update becomes elements of a small ring; nil for words of 64 bits.
    ///   - settings: say whether there are masks.
    /// - Returns: nil in a run without secure aggregation.
    /// - Throws: `ConfigurationError` when no threshold is secure and succeeds for a whole cohort.
    init?(words: Int, narrow: (any NarrowVector)? = nil, _ settings: RunSettings) throws(ConfigurationError) {
        guard settings.secureAggregation else { return nil }
        (corrupt, dropout, seed) = (settings.assumedCorrupt, settings.assumedDropout, settings.seed)
        adversary = settings.assumedServer == .curious ? .curiousServer : .semiMaliciousServer
        dropProbability = settings.simulation.dropProbability
        self.narrow = narrow
        self.words = narrow?.count ?? words + SecureTotals.words
        let size = settings.cohortSize
        do throws(SecureAggregationError) {
            let whole = try SharingParameters(clients: size, corrupt: corrupt, dropout: dropout, adversary: adversary)
            // In smaller cohorts, to which a graph may be complete, there are a few more at most.
            let more = adversary == .curiousServer ? 8 : max(8, whole.degree / 8)
            mostNeighbours = min(size - 1, max(whole.degree, 2 * SharingParameters.leastSparse) + more)
        } catch {
            let server = adversary == .curiousServer ? "" : " and a \(adversary) server"
            throw ConfigurationError("--secure-aggregation with \(size) clients a round\(server): \(error)")
        }
    }

    /// Neighbours and threshold of a cohort.
    /// - Throws: `SecureAggregationError` when the cohort is too small, or no threshold fits.
    func parameters(clients: Int) throws(SecureAggregationError) -> SharingParameters {
        try SharingParameters(clients: clients, corrupt: corrupt, dropout: dropout, adversary: adversary)
    }

    /// The phases of a round, by what a client does in them.
    enum Phase: Int, CaseIterable {
        case keys, shares, vector, unmasking
    }

    /// What all sides of an attempt of a round agree on.
    /// - Parameters:
    ///   - round: number and attempt.
    ///   - clients: size of the cohort.
    ///   - nonce: bytes that the server draws for this sum, so that no two runs, resumed ones included, and no two edges have a round in common.
    ///   - identities: public keys of the clients' signatures, where the server may lie; not from the server.
    /// - Throws: `SecureAggregationError` when the cohort is too small, or no threshold fits.
    func round(
        _ round: RoundID, clients: Int, nonce: [UInt8], identities: [[UInt8]] = []
    ) throws(SecureAggregationError) -> SecureRound {
        let parameters = try parameters(clients: clients)
        guard parameters.degree <= mostNeighbours else {
            throw .infeasible(clients: clients, corrupt: corrupt, dropout: dropout)
        }
        // Public, and the same at any number of ranks: who is left without enough neighbours follows from it.
        let randomness = Array("fedmpi \(seed), round \(round.number), attempt \(round.attempt)".utf8)
        return try SecureRound(
            run: nonce, round: round.number, attempt: round.attempt, parameters: parameters, vectorLength: words,
            ring: narrow?.ring ?? .exact, randomness: randomness, identities: identities)
    }

    /// The phase before which a client's device leaves, where devices that do not answer are simulated: one that is to be dropped in
    /// the round leaves before its vector is sent, as many in each of three phases; of the others as many are gone when the
    /// sum is unmasked, which changes nothing of it.
    /// - Parameter isDropped: whether the client is to be without a vector.
    /// - Returns: nil when it stays to the end.
    func departure(of client: Int, _ round: RoundID, isDropped: Bool) -> Phase? {
        guard isDropped || dropProbability > 0 else { return nil }
        var random = RandomStream(
            seed: seed, .departures, round: round.number, client: client, salt: round.attempt)
        let (phase, stay) = (random.uniformDouble(), random.uniformDouble())
        if isDropped { return Phase(rawValue: min(Int(phase * 3), 2)) }
        return stay < dropProbability ? .unmasking : nil
    }

    /// Layout of the answer that a masked vector is: its words, or, in a small ring, a message of packed elements.
    var vectorAnswer: AnswerFormat {
        guard let narrow else { return AnswerFormat(updateFloats: 2 * words, code: .masked) }
        return SecureAnswer.format(bytes: SecureMessageSize.maskedInput(narrow.ring, count: words))
    }

    /// Bytes of a client's message at most, by phase, but for the vector's.
    func messageBytes(_ phase: Phase) -> Int {
        switch phase {
        case .keys: SecureMessageSize.advertisement(adversary)
        case .shares: SecureMessageSize.keyShares(neighbours: mostNeighbours)
        case .vector: 0
        case .unmasking: SecureMessageSize.unmaskAnswer(neighbours: mostNeighbours)
        }
    }
}

/// What is summed beside an update and its weight: numbers of a client's report that only their sum over the clients is told of.
struct SecureTotals: Sendable, Equatable {
    /// Words at the end of a vector.
    static let words = 3
    /// Steps of the loss's fixed point, 2²⁰ for each unit.
    private static let steps = 0x1p20

    /// Samples that the updates weigh.
    var samples = 0
    /// Samples that were trained on, each as often as it was.
    var trained = 0
    /// Σ samples · mean loss, in nats.
    var loss = 0.0

    /// Starts with nobody.
    init() {}

    /// What two groups of clients report.
    static func + (one: SecureTotals, other: SecureTotals) -> SecureTotals {
        var sum = one
        sum.samples += other.samples
        sum.trained += other.trained
        sum.loss += other.loss
        return sum
    }

    /// What a client reports.
    /// - Parameter trained: samples that it has trained on.
    init(_ result: LocalResult, trained: Int) {
        (samples, self.trained) = (result.samples, trained)
        loss = Double(result.samples) * result.loss
    }

    /// Reads the sum of what clients have written.
    init(_ words: some RandomAccessCollection<Int64>) {
        let words = Array(words)
        (samples, trained, loss) = (Int(words[0]), Int(words[1]), Double(words[2]) / Self.steps)
    }

    /// The numbers as words of a vector.
    var encoded: [Int64] {
        // A loss that is beyond all measure must not wrap around in the sum of any number of clients.
        let bounded = min(max((loss * Self.steps).rounded(), -0x1p42), 0x1p42)
        return [Int64(samples), Int64(trained), Int64(bounded)]
    }
}
