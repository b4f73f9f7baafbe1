import FedCore
import Recording
import SecureAggregation
import TestSupport
import Testing

@testable import Federation
@testable import Records

/// Updates with a share of the noise in a small ring: the lattice, and the arithmetic of one sum.
struct LatticeVectorTests {
    static func settings(_ change: (inout RunSettings) -> Void = { _ in }) -> RunSettings {
        SecureRunTests.secured(CentralPrivacyTests.settings()).changed {
            ($0.privacy, $0.selection, $0.clientFraction, $0.noise) = (.distributed, "uniform", 1, 2)
            $0.secureBits = 16
            change(&$0)
        }
    }

    private static func vector(_ settings: RunSettings, floats: Int) throws -> (LatticeVector, PrivacyTerms) {
        let terms = try #require(try PrivacyTerms(settings, floats: floats))
        return (try #require(try LatticeVector(terms, settings)), terms)
    }

    private static func points(_ content: NarrowContent?) throws -> (points: [Int64], grid: Float) {
        guard case .points(let points, let grid) = try #require(content).values else {
            throw ConfigurationError("a mean")
        }
        return (points, grid)
    }

    /// A clip of 0.7 is at most 0.7 / step points from 0, and 12 σ of a share, z · 0.7 / √9 for 9 of 12 clients, are beside it.
    @Test(arguments: [12, 16, 20, 24], [0.5, 2, 8])
    func `Clip and twelve deviations fit, and twice as fine they would not`(
        bits: Int, noise: Double
    ) throws {
        let settings = Self.settings { ($0.secureBits, $0.clip, $0.noise) = (bits, 0.7, noise) }
        let (vector, terms) = try Self.vector(settings, floats: 100)
        let reach = (0.7 + 12 * noise * 0.7 / 3) / Double(terms.lattice.grid)
        let most = Double(1 << (bits - 1)) - 1
        #expect(reach + 12 <= most)
        // The clip is taken for the power of two above it, 1.
        #expect(bits == 24 || (1 + 12 * noise / 3) / Double(terms.lattice.grid) * 2 > most - 12)
        #expect(vector.ring.bits == bits + 4 && vector.firstRanges.isEmpty && !vector.accepts([1]))
    }

    @Test func `The bits decide the lattice where clients have shares of the noise, with masks or without`() throws {
        func grid(_ change: @escaping (inout RunSettings) -> Void) throws -> Float? {
            try PrivacyTerms(Self.settings(change), floats: 100)?.lattice.grid
        }
        let coarse = try #require(try grid { _ in })
        let fine = try #require(try grid { $0.secureBits = nil })
        #expect(coarse > fine)
        let (unmasked, local) = (try grid { $0.secureAggregation = false }, try grid { $0.privacy = .local })
        let finest = try grid { ($0.privacy, $0.secureBits) = (.local, nil) }
        #expect(unmasked == coarse && local == finest)
    }

    /// What the accountant is told: that one client moves the sum by C at most, and that noise is σ.
    @Test(arguments: [12, 14, 16]) func `No update is beyond the clip, and noise is in whole steps of this lattice`(
        bits: Int
    ) throws {
        let settings = Self.settings { ($0.secureBits, $0.clip) = (bits, 0.5) }
        let (_, terms) = try Self.vector(settings, floats: 5_000)
        var random = RandomStream(seed: 7, .stochasticRounding, round: 1, client: bits, salt: 0)
        for size in [Float(1e-4), 0.01, 1, 1000] {
            for _ in 0..<20 {
                var update = (0..<5_000).map { _ in size * (Float(random.uniformDouble()) - 0.5) }
                var span = update.mutableSpan
                terms.lattice.apply(to: &span)
                let steps = update.map { Double($0) / Double(terms.lattice.grid) }
                #expect(steps.allSatisfy { $0 == $0.rounded() })
                #expect(update.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot() <= 0.5)
            }
        }
        #expect(terms.account.sigma(2) == (2 * 0.5 / Double(terms.lattice.grid) / 3).rounded(.up))
        #expect(terms.account.sigma(2) >= 8)
    }

    /// By hand, minimised over α: k α / 2 z² + log((α − 1)/α) − (log δ + log α)/(α − 1), Canonne, Kamath, Steinke 2020, proposition 12.
    @Test(arguments: [(1.0, 1, 4.728387), (1, 2, 7.077197), (2, 3, 4.011310), (4, 2, 1.478116)])
    func `Epsilon is that of Renyi divergences`(noise: Double, rounds: Int, expected: Double) throws {
        let (_, terms) = try Self.vector(Self.settings { $0.noise = noise }, floats: 50_890)
        #expect(abs(try terms.account.epsilon(noise, delta: 1e-5, rounds: rounds) - expected) < 2e-3)
    }

    @Test(arguments: [(10, 2), (12, 12), (16, 7), (24, 12)]) func `At the extreme no sum wraps around`(
        bits: Int, clients: Int
    ) throws {
        let settings = Self.settings { ($0.secureBits, $0.clients) = (bits, clients) }
        let (vector, _) = try Self.vector(settings, floats: 2)
        var sum = [UInt32](repeating: 0, count: vector.count)
        for client in 0..<clients {
            let totals = SecureTotals(LocalResult(samples: 1_000_000 + client, steps: 1, loss: -3), trained: 5)
            let elements = try vector.elements(
                [1e9, -1e9], weight: 1, totals, ranges: [], client: client, RoundID(1))
            for i in sum.indices { sum[i] &+= elements[i] }
        }
        let numbers = sum.map { vector.ring.sum(of: UInt64($0)) }
        let content = vector.content(of: numbers, clients: clients, ranges: [])
        let most = Int64(clients) * (Int64(1) << Int64(bits - 1) - 1)
        #expect(try Self.points(content).points == [most, -most])
        #expect(content?.weight == Double(clients) && content?.totals.trained == 5 * clients)
        #expect(content?.totals.samples == 1_000_000 * clients + clients * (clients - 1) / 2)
        #expect(vector.content(of: numbers, clients: clients - 1, ranges: []) == nil)
    }

    @Test func `What clients send with noise comes out as its sum, to the step`() throws {
        let settings = Self.settings()
        let job = try Job(settings)
        let terms = try #require(job.privacy)
        let vector = try #require(job.secure?.narrow)
        let noise = try #require(try ClientNoise(job))
        let floats = terms.account.floats
        var (sum, expected) = ([UInt32](repeating: 0, count: vector.count), [Double](repeating: 0, count: floats))
        for client in 0..<12 {
            var message = (0..<floats).map { Float(($0 + client) % 9 - 4) * 0x1p-9 }
            var span = message.mutableSpan
            terms.lattice.apply(to: &span)
            noise.add(to: &span, in: ClientTurn(client: client, round: 1, samples: 20, seed: 1))
            for i in expected.indices { expected[i] += Double(message[i]) }
            let elements = try vector.elements(
                message, at: nil, weight: 1, SecureTotals(), ranges: [], client: client, RoundID(1))
            for i in sum.indices { sum[i] &+= elements[i] }
        }
        let (points, grid) = try Self.points(
            vector.content(of: sum.map { vector.ring.sum(of: UInt64($0)) }, at: nil, clients: 12, ranges: []))
        #expect(points.map { Double($0) * Double(grid) } == expected)
        // Twelve shares of noise of which nine are that of z · C = 1.
        let variance = expected.reduce(0) { $0 + $1 * $1 } / Double(floats)
        #expect(abs(variance / (12.0 / 9) - 1) < 5 * (2 / Double(floats)).squareRoot())
    }

    @Test func `Too few bits are refused by a line that says how many would do`() throws {
        func refusal(_ bits: Int) -> String {
            do throws(ConfigurationError) {
                _ = try PrivacyTerms(Self.settings { $0.secureBits = bits }, floats: 50_000)
                return ""
            } catch { return "\(error)" }
        }
        let line = refusal(4)
        #expect(
            line.hasPrefix(
                "--secure-bits 4 is too coarse for updates of 50,000 numbers, clipped to 0.5, with noise of 2"))
        let enough = try #require((5...24).first { line.hasSuffix("take \($0) or more") }, "\(line)")
        #expect(!line.contains("\n") && refusal(enough).isEmpty && refusal(24).isEmpty)
        #expect(refusal(enough - 1).hasSuffix("take \(enough) or more"))
    }

    @Test func `A cohort that 32 bits have no room for is refused`() throws {
        #expect(throws: ConfigurationError.self) {
            try Self.vector(Self.settings { ($0.clients, $0.secureBits) = (257, 24) }, floats: 100)
        }
    }
}

/// Whole runs on the lattice of `--secure-bits`, beside the same runs without masks.
@Suite(.tags(.wholeRun), .unlessQuick) struct LatticeRunTests {
    /// Without masks: the bits still say how fine the lattice is.
    static func settings(_ change: (inout RunSettings) -> Void = { _ in }) -> RunSettings {
        LatticeVectorTests.settings {
            ($0.secureAggregation, $0.clients, $0.failureTimeout) = (false, 9, 1)
            change(&$0)
        }
    }

    private static let kinds: [(name: String, change: @Sendable (inout RunSettings) -> Void)] = [
        ("all", { _ in }), ("dropouts", { ($0.dropProb, $0.seed) = (0.15, 3) }), ("12 bits", { $0.secureBits = 12 }),
        ("24 bits", { $0.secureBits = 24 }), ("cohorts", { ($0.clientFraction, $0.selection) = (0.7, "cyclic") }),
        ("budget", { ($0.noise, $0.epsilon) = (nil, 6) }), ("two clients", { $0.clients = 2 }),
    ]

    @Test(arguments: kinds.map(\.name)) func `A secured run has the weights of the plain one`(name: String) throws {
        let change = try #require(Self.kinds.first { $0.name == name }).change
        try SecureRunTests.expectPlainWeights(Self.settings(change), ranks: [1, 2, 4])
    }

    @Test func `Other bits are another lattice`() throws {
        let runs = try [nil, 12, 16].map { bits in
            try StrategyRunTests.run(Self.settings { $0.secureBits = bits }, ranks: 1).digest
        }
        #expect(Set(runs).count == 3)
    }

    @Test(arguments: SecureTerms.Phase.allCases) func `A rank that is lost in any phase of a round changes no bit`(
        phase: SecureTerms.Phase
    ) throws {
        let settings = Self.settings()
        let run = try SecureFaultTests.run(SecureRunTests.secured(settings), silentAt: 4 + phase.rawValue + 1)
        #expect(run.faults.contains { $0.kind == .rankLost && $0.rank == 2 && $0.round == 2 }, "\(run.faults)")
        #expect(run.digest == (try StrategyRunTests.run(settings, ranks: 1).digest))
    }

    @Test func `Every state on the way leads to the same end and the same epsilon, at other ranks`() throws {
        let settings = Self.settings { ($0.dropProb, $0.clients) = (0.1, 12) }
        let whole = try StrategyRunTests.run(SecureRunTests.secured(settings), ranks: 3)
        let plain = try StrategyRunTests.run(settings, ranks: 1)
        #expect(whole.digest == plain.digest)
        let spent = plain.states.compactMap { $0.last?.metrics["epsilon"] }
        #expect(whole.states.compactMap { $0.last?.metrics["epsilon"] } == spent && spent.count == 3)
        for (state, ranks) in zip(whole.states.dropLast(), [1, 4]) {
            let read = try Checkpoint.decode(Checkpoint.encode(SavedRun(state))).state
            let rest = try StrategyRunTests.run(read.settings, ranks: ranks, from: read)
            #expect(rest.digest == whole.digest, "after round \(state.round)")
        }
    }
}
