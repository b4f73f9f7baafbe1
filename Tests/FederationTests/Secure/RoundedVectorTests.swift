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

    private static func values(_ content: NarrowContent) throws -> [Float] {
        guard case .mean(let mean) = content.values else { throw ConfigurationError("a sum") }
        return mean
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
            let difference = Double(try Self.values(content)[i]) - Self.mean(i)
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
        let difference = Double(try Self.values(narrow)[3]) - Self.mean(3)
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

    /// Of 4 bits and four clients the ring has 6, where four parts of 15 are no number below 32.
    @Test func `Whole numbers have room in the smallest ring`() throws {
        let ring = try RingFormat(valueBits: 4, weightBits: 0, clients: 4)
        var sum = [UInt32](repeating: 0, count: PartedNumbers.elements)
        for _ in 0..<4 {
            var elements = [UInt32](repeating: 0, count: PartedNumbers.elements)
            var span = elements.mutableSpan
            let report = LocalResult(samples: 0xFFFF, steps: 1, loss: -1)
            PartedNumbers(weight: 1, totals: SecureTotals(report, trained: 15)).write(to: &span, from: 0)
            for i in sum.indices { sum[i] &+= elements[i] }
        }
        let read = PartedNumbers(sum.map { ring.sum(of: UInt64($0)) }[...], ring)
        #expect(read.weight == 4 && read.totals.samples == 4 * 0xFFFF && read.totals.trained == 60)
        #expect(read.totals.loss == -4 * 65_535)
    }

    /// The first tensor's values are large and the second's are small; in a round of which no place is of the first, its range stays.
    @Test func `Ranges are of the tensors that a round's places are in`() throws {
        var settings = RunSettings()
        (settings.secureAggregation, settings.secureBits, settings.clients) = (true, 16, 2)
        let vector = try #require(
            try RoundedVector(tensors: [0..<4, 4..<8], values: 3, largestWeight: 1, settings))
        func content(_ values: [Float], at places: [Int], _ ranges: [UInt8]) throws -> NarrowContent {
            var sum = [UInt32](repeating: 0, count: vector.count)
            for client in 0..<2 {
                let elements = try vector.elements(
                    values, at: places, weight: 1, SecureTotals(), ranges: ranges, client: client, RoundID(1))
                for i in sum.indices { sum[i] &+= elements[i] }
            }
            return try #require(
                vector.content(
                    of: sum.map { vector.ring.sum(of: UInt64($0)) }, at: places, clients: 2, ranges: ranges))
        }
        let first = try content([1.5, 1.25, 0x1.8p-10], at: [0, 3, 5], vector.firstRanges)
        #expect(first.ranges.map { Int8(bitPattern: $0) } == [2, -8])
        let second = try content([0x1p-9, 0x1p-10, 0x1p-9], at: [4, 5, 7], first.ranges)
        #expect(second.ranges.map { Int8(bitPattern: $0) } == [2, -7])
        let third = try content([1.5, -1.75, 0x1p-9], at: [1, 2, 6], second.ranges)
        for (value, expected) in zip(try Self.values(third), [1.5, -1.75, 0x1p-9]) {
            #expect(abs(Double(value) - expected) < 4.0 / 32_767)
        }
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

    @Test func `Random places have the exact run's weights nearly, and the same bits at any number of ranks`() throws {
        let settings = Self.settings {
            ($0.compress, $0.errorFeedback, $0.rounds, $0.dropProb) = ("randk 10%", .off, 4, 0)
        }
        let one = try StrategyRunTests.run(settings, ranks: 1)
        #expect(one.digest != nil)
        #expect(try StrategyRunTests.run(settings, ranks: 3).digest == one.digest)
        var exact = settings
        exact.secureBits = nil
        let weights = try #require(try StrategyRunTests.run(exact, ranks: 1).states.last).weights
        for (a, b) in zip(weights, try #require(one.states.last).weights) { #expect(abs(a - b) < 0.01) }
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
