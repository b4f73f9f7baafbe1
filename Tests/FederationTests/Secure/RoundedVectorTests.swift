import FedCore
import SecureAggregation
import TestSupport
import Testing

@testable import Federation
@testable import Records

/// Values that are rounded before they are masked: the arithmetic of one sum, and whole runs of it.
struct RoundedVectorTests {
    private static func vector(_ bits: Int = 16, clients: Int = 3) throws -> RoundedVector {
        var settings = RunSettings()
        (settings.secureAggregation, settings.secureBits, settings.clients) = (true, bits, clients)
        return try #require(try RoundedVector(tensors: [0..<3, 3..<4], largestWeight: 40, settings))
    }

    private static let values: [[Float]] = [[0.5, -1, 0.125, 1e-6], [0, 0.75, -0.3, -2e-6], [0.1, 0.2, 0.3, 4e-6]]
    private static let weights = [10.0, 20, 40]

    /// Σ weight · value / Σ weight.
    private static func mean(_ place: Int) -> Double {
        var sum = 0.0
        for (values, weight) in zip(values, weights) { sum += Double(values[place]) * weight }
        return sum / 70
    }

    /// The element-wise sum of three clients' vectors, as the ring adds it up.
    private static func sum(_ vector: RoundedVector, ranges: [UInt8]) throws -> [Int64] {
        var sum = [UInt32](repeating: 0, count: vector.count)
        for (client, (values, weight)) in zip(values, weights).enumerated() {
            let totals = SecureTotals(
                LocalResult(samples: Int(weight), steps: 1, loss: 0.5 - Double(client)), trained: 7 + client)
            let elements = try vector.elements(
                values, weight: weight, totals, ranges: ranges, client: client, RoundID(2))
            for i in sum.indices { sum[i] &+= elements[i] }
        }
        return sum.map { vector.ring.sum(of: UInt64($0)) }
    }

    @Test(arguments: [6, 8, 16, 24]) func `The mean is within a step for each client`(bits: Int) throws {
        let vector = try Self.vector(bits)
        let content = try #require(
            vector.content(
                of: try Self.sum(vector, ranges: vector.firstRanges), clients: 3, ranges: vector.firstRanges))
        #expect(content.weight == 70)
        // Σ weight · value / Σ weight, each term wrong by less than a step of 2 / (2^(bits − 1) − 1), times 40 / 70.
        let step = 2 / (Double(1 << (bits - 1)) - 1) * 40 / 70
        for i in 0..<4 {
            let difference = Double(content.mean[i]) - Self.mean(i)
            #expect(abs(difference) < 3 * step, "value \(i)")
        }
        #expect(content.totals.samples == 70 && content.totals.trained == 24)
        let loss: Double = 10 * 0.5 - 20 * 0.5 - 40 * 1.5
        #expect(abs(content.totals.loss - loss) < 1e-5)
    }

    @Test func `The next range is twice the least power of two that holds all`() throws {
        let vector = try Self.vector()
        let content = try #require(
            vector.content(
                of: try Self.sum(vector, ranges: vector.firstRanges), clients: 3, ranges: vector.firstRanges))
        // Times the weights as shares of 40 the largest are 0.375 and 4e-6: below 2⁻¹, and 2⁻¹⁷.
        #expect(content.ranges.map { Int8(bitPattern: $0) } == [0, -16])
        let narrow = try #require(
            vector.content(of: try Self.sum(vector, ranges: content.ranges), clients: 3, ranges: content.ranges))
        // A range of 2⁻¹⁶ makes the small tensor's mean as exact as the other's.
        let difference = Double(narrow.mean[3]) - Self.mean(3)
        let step: Double = 0x1p-16 / 32767 * 40 / 70
        #expect(abs(difference) < 3 * step)
    }

    @Test func `A sum that is none of so many vectors is refused`() throws {
        let vector = try Self.vector()
        var sum = try Self.sum(vector, ranges: vector.firstRanges)
        #expect(vector.content(of: sum, clients: 2, ranges: vector.firstRanges) == nil)
        sum[4] += 1
        #expect(vector.content(of: sum, clients: 3, ranges: vector.firstRanges) == nil)
        #expect(!vector.accepts([1]) && !vector.accepts([1, 100]) && vector.accepts([1, UInt8(bitPattern: -16)]))
    }

    @Test func `Bits that a cohort has no room for are refused`() throws {
        #expect(throws: ConfigurationError.self) { try Self.vector(24, clients: 257) }
        #expect(try Self.vector(24, clients: 256).ring.bits == 32)
    }
}

/// Whole runs with `--secure-bits`.
@Suite(.tags(.wholeRun), .unlessQuick) struct RoundedRunTests {
    private static func settings(_ change: (inout RunSettings) -> Void = { _ in }) -> RunSettings {
        SecureRunTests.settings {
            ($0.secureAggregation, $0.secureBits, $0.dropProb) = (true, 16, 0.1)
            change(&$0)
        }
    }

    @Test func `Rounding has the same bits at any number of ranks`() throws {
        let settings = Self.settings()
        let one = try StrategyRunTests.run(settings, ranks: 1)
        #expect(one.digest != nil)
        for ranks in 2...4 { #expect(try StrategyRunTests.run(settings, ranks: ranks).digest == one.digest) }
    }

    @Test func `A resumed run goes on with the ranges that it had`() throws {
        var settings = Self.settings { $0.rounds = 4 }
        let whole = try StrategyRunTests.run(settings, ranks: 1)
        settings.rounds = 2
        let half = try StrategyRunTests.run(settings, ranks: 1)
        let state = try #require(half.states.last)
        #expect(!state[PartName.inFlight].isEmpty)
        settings.rounds = 4
        #expect(try StrategyRunTests.run(settings, ranks: 2, from: state).digest == whole.digest)
    }

    @Test(arguments: [(16, 0.01), (8, 0.05)]) func `Weights are near the exact run's`(bits: Int, most: Float) throws {
        let exact = try StrategyRunTests.run(Self.settings { $0.secureBits = nil }, ranks: 1)
        let rounded = try StrategyRunTests.run(Self.settings { $0.secureBits = bits }, ranks: 1)
        let (one, other) = (try #require(exact.states.last).weights, try #require(rounded.states.last).weights)
        #expect(one != other)
        for (a, b) in zip(one, other) { #expect(abs(a - b) < most) }
    }
}
