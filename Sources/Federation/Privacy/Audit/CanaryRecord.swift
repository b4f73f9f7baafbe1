import FedCore
import Synchronization

/// The canaries of an audit: which there are, which of them are in, where they point, and what their scores have come to.
///
/// A canary points in a direction of its own, of random signs, anew in each release: two of them have a product of some
/// 1/√parameters, so that many in one run do not hide one another, and nothing that the run learns points their way for long.
/// Who scores them is the adversary that differential privacy is measured against: it knows data and updates of everybody but
/// the canaries, and takes these away from what it sees; it knows neither noise nor cohorts nor coins.
///
/// One process has one, shared by its stages, its trainer and its server.
final class CanaryRecord: Sendable {
    let terms: CanaryTerms
    /// Whether each canary is in; by numbers of clients or samples.
    let isIn: [Int: Bool]
    private let seed: UInt64
    private let state = Mutex(State())

    /// What has been seen so far.
    struct State {
        /// Logarithms of likelihood ratios.
        var scores: [Int: Double] = [:]
        /// Releases of each canary by itself, or, under `nil`, of the run.
        var releases: [Int?: Int] = [:]
        /// Sums of what clients sent that are no canaries, by round.
        var others: [Int: [Double]] = [:]
    }

    /// Throws a coin for each canary.
    /// - Parameters:
    ///   - candidates: numbers of clients or samples to choose from.
    ///   - count: how many are canaries, at most all.
    ///   - seed: of the audit: choice, coins and directions follow from it, and nothing of the run does.
    init(_ terms: CanaryTerms, among candidates: [Int], count: Int, seed: UInt64) {
        (self.terms, self.seed) = (terms, seed)
        var random = RandomStream(seed: seed, .canary)
        var drawn = candidates
        random.shuffle(&drawn)
        isIn = Dictionary(uniqueKeysWithValues: drawn.prefix(count).map { ($0, random.nextWord() & 1 == 1) })
    }

    /// Scores of those that are in and of those that are out; canaries that nobody asked have a score of 0.
    var scores: (included: [Double], excluded: [Double]) {
        state.withLock { state in
            func scores(_ wanted: Bool) -> [Double] {
                isIn.filter { $0.value == wanted }.map { state.scores[$0.key] ?? 0 }
            }
            return (scores(true), scores(false))
        }
    }

    /// Releases: rounds of the run; where each canary has its own, of the one with most.
    var releases: Int { state.withLock { $0.releases.values.max() ?? 0 } }

    /// Whether this client is a canary.
    func isCanary(client: Int) -> Bool {
        if case .sample = terms.unit { return false }
        return isIn[client] != nil
    }

    /// Counts a release.
    /// - Parameter canary: whose it is; nil for the run's.
    func count(of canary: Int? = nil) { state.withLock { $0.releases[canary, default: 0] += 1 } }

    /// Adds to a canary's score what a release shows of it. O(numbers).
    /// - Parameters:
    ///   - numbers: what was released, but for what is known of the others.
    ///   - coordinates: of the release, for the direction.
    func score(_ canary: Int, _ numbers: [Float], round: Int, step: Int = 0) {
        let direction = CanaryDirection(seed: seed, canary, round: round, step: step, count: numbers.count)
        let ratio = terms.logLikelihoodRatio(direction.product(numbers.span) / terms.clip)
        state.withLock { $0.scores[canary, default: 0] += ratio }
    }

    /// Adds a canary that is in, or where one that is out stands, to a sum. O(numbers).
    /// - Parameter length: the length of one that is in.
    func add(_ canary: Int, length: Double, to numbers: inout MutableSpan<Float>, round: Int, step: Int = 0) {
        let place = isIn[canary] == true ? 1 : terms.out
        guard place != 0 else { return }
        let direction = CanaryDirection(seed: seed, canary, round: round, step: step, count: numbers.count)
        direction.add(to: &numbers, length: place * length)
    }

    // MARK: Clients

    /// Notes what a client sends, with whatever noise it has added itself. O(numbers).
    /// - Parameter message: the update first.
    func sent(_ message: Span<Float>, in turn: ClientTurn) {
        switch terms.unit {
        case .sample: return
        case .sender:
            guard isCanary(client: turn.client) else { return }
            score(turn.client, message.indices.map { message[$0] }, round: turn.round)
            count(of: turn.client)
        case .client:
            guard !isCanary(client: turn.client) else { return }
            state.withLock { state in
                var sum = state.others.removeValue(forKey: turn.round) ?? [Double](repeating: 0, count: message.count)
                for i in sum.indices { sum[i] += Double(message[i]) }
                state.others[turn.round] = sum
            }
        }
    }

    /// Scores all canaries by the weights of a round. O(canaries · parameters).
    /// - Parameter change: how far the weights have moved in the round.
    func released(_ change: [Float], round: Int) {
        guard terms.unit == .client else { return }
        let others = state.withLock { $0.others.removeValue(forKey: round) }
        var numbers = change
        for i in numbers.indices {
            numbers[i] = Float(Double(change[i]) * terms.scale - (others.map { $0[i] } ?? 0))
        }
        for canary in isIn.keys.sorted() { score(canary, numbers, round: round) }
        count()
    }
}
