import FedCore
import Privacy
import Records

/// What each client has spent in a run with DP-SGD: a count of the rounds in which it was asked, for all that a round releases of
/// its samples. Whether its update came does not matter, and neither does whose rank trained it.
///
/// ε is that of one sample of a client, for data in which it contributes nothing instead (`zero-out-one`): how many samples a client
/// has is not secret. The run's is the largest of any client.
struct SampleMeter: StatefulPart, Measuring {
    private let privacy: SamplePrivacy
    private let sizes: [Int]
    private var costs: PrivacyCosts
    /// Rounds of each client.
    private var rounds: [Int]
    private var spent = (epsilon: 0.0, next: 0.0)

    /// Nothing spent yet.
    /// - Parameter sizes: samples of each client.
    init(_ privacy: SamplePrivacy, delta: Double, sizes: [Int]) {
        self.privacy = privacy
        self.sizes = sizes
        costs = PrivacyCosts(delta: delta)
        rounds = [Int](repeating: 0, count: sizes.count)
    }

    /// Counts a round.
    /// - Parameter asked: the clients that were asked, once for each attempt at the round.
    mutating func endRound(asked: [Int]) throws(ConfigurationError) {
        for client in asked { rounds[client] += 1 }
        spent = (try largest(after: 0), try largest(after: 1))
    }

    /// The largest ε of a client when each takes part in so many rounds more. Among clients with as many samples the one with most
    /// rounds has spent most, so that they are one question.
    private mutating func largest(after more: Int) throws(ConfigurationError) -> Double {
        var most: [Int: Int] = [:]
        for (size, count) in zip(sizes, rounds) where count + more > 0 && size > 0 {
            most[size] = max(most[size] ?? 0, count + more)
        }
        let questions = most.sorted { $0.key < $1.key }.map { size, count in
            (event: privacy.event(holding: size), times: count, id: size)
        }
        return try costs.largest(of: questions)?.epsilon ?? 0
    }

    /// ε of each client that has been asked, by its number.
    func epsilons() throws(ConfigurationError) -> [Int: Double] {
        var ledgers = ClientLedgers(relation: .zeroOutOne)
        for (client, count) in rounds.enumerated() where count > 0 && sizes[client] > 0 {
            try ledgers.append(privacy.event(holding: sizes[client]), client: client, times: count)
        }
        return try ledgers.epsilons(delta: costs.delta, by: .pld).mapValues(\.upper)
    }

    /// | name | of |
    /// |---|---|
    /// | `epsilon` | the largest ε of a client at `--delta` after the round |
    /// | `epsilon_next` | what it would be if every client took part once more, for `--epsilon` |
    static let metrics: [Metric] = [.epsilon, .epsilonNext]

    var metrics: [Metric] { Self.metrics }

    var measurements: [String: Double] { [Metric.epsilon.name: spent.epsilon, Metric.epsilonNext.name: spent.next] }

    /// The noise multiplier, and the rounds of each client.
    var serverState: [UInt8] {
        var writer = StateWriter()
        writer.write(privacy.noise)
        writer.write(rounds.count)
        for count in rounds { writer.write(count) }
        return writer.bytes
    }

    mutating func restoreServerState(_ state: [UInt8]) throws(ConfigurationError) {
        var reader = StateReader(state, of: "the privacy ledger")
        let noise = try reader.number(in: PrivacyEvent.noiseRange)
        guard try reader.integer(in: 0...Int(UInt32.max)) == rounds.count else { throw reader.refusal }
        for client in rounds.indices { rounds[client] = try reader.integer(in: 0...Int(UInt32.max)) }
        try reader.finish()
        try PrivacyTerms.checkSame(noise: noise, privacy.noise)
    }
}
