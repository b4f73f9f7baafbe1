import FedCore
import Testing

@testable import SecureAggregation

@Suite struct RingFormatTests {
    /// Expected values: upload of 1.2 million values of 16 bits, and what the protocol of Bonawitz et al. adds to it by its own formula,
    /// 2n · 256 + (5n − 4) · 256 bits.
    @Test(arguments: [(100, 23, 3.47), (200, 24, 3.64), (500, 25, 3.86), (1_000, 26, 4.12)])
    func `bits and bytes of the published comparison`(clients: Int, bits: Int, megabytes: Double) throws {
        let ring = try RingFormat(valueBits: 16, weightBits: 0, clients: clients)
        #expect(ring.bits == bits)
        let overhead = (2 * clients * 256 + (5 * clients - 4) * 256) / 8
        let bytes = Double(ring.packedBytes(count: 1_200_000) + overhead)
        #expect((bytes / 1e4).rounded() / 100 == megabytes)

        // What this protocol's client sends beside the vector is less.
        let parameters = try SharingParameters(clients: clients, corrupt: 0.05, dropout: 0.33)
        let (head, degree) = (MessageHead.byteCount, parameters.degree)
        let sent = 4 * head + 64 + 32 + degree * (4 + HeldShares.sealedBytes) + degree * (8 + SecretSharing.shareBytes)
        #expect(sent < overhead)
    }

    @Test(arguments: [(100, 2.005), (200, 2.009), (500, 2.023), (1_000, 2.047)])
    func `the exact ring costs twice a float`(clients: Int, ratio: Double) {
        let overhead = (2 * clients * 256 + (5 * clients - 4) * 256) / 8
        let bytes = Double(RingFormat.exact.packedBytes(count: 1_200_000) + overhead)
        #expect((bytes / 4.8e6 * 1_000).rounded() / 1_000 == ratio)
    }

    @Test func `a ring is refused by rule, not by overflow`() throws {
        // 13 bits of values and 17 of weights from 10 clients do not fit into 32 bits (fedbiomed #1210), but into 34.
        #expect(try RingFormat(valueBits: 13, weightBits: 17, clients: 10).bits == 34)
        #expect(try RingFormat(valueBits: 31, weightBits: 26, clients: 128).bits == 64)
        #expect(throws: SecureAggregationError.ringTooSmall(valueBits: 31, weightBits: 26, clients: 129)) {
            try RingFormat(valueBits: 31, weightBits: 26, clients: 129)
        }
        for (valueBits, weightBits, clients) in [(1, 0, 10), (32, 0, 10), (16, -1, 10), (16, 63, 2), (16, 0, 0)] {
            #expect(throws: SecureAggregationError.self) {
                try RingFormat(valueBits: valueBits, weightBits: weightBits, clients: clients)
            }
        }
        let ring = try RingFormat(valueBits: 16, weightBits: 0, clients: 10)
        #expect(throws: SecureAggregationError.self) {
            try Rehearsal.round(SharingParameters(clients: 11, degree: 10, threshold: 6), ring: ring)
        }
    }

    @Test(arguments: 2...64)
    func `what is packed comes back`(bits: Int) throws {
        let ring =
            bits == 64
            ? RingFormat.exact
            : try RingFormat(valueBits: min(bits, 31), weightBits: bits - min(bits, 31), clients: 1)
        #expect(ring.bits == bits)
        for count in [0, 1, 2, 7, 8, 9, 31, 100] {
            let elements = Rehearsal.vectors(1, count, seed: UInt64(count))[0]
            var bytes = [UInt8](repeating: 0xEE, count: ring.packedBytes(count: count))
            var span = bytes.mutableSpan
            ring.pack(elements.span, into: &span)
            // By the definition: bit i of the bytes is bit i mod `bits` of element i / `bits`.
            for i in 0..<8 * bytes.count {
                let bit = i < count * bits ? UInt64(bitPattern: elements[i / bits]) >> UInt64(i % bits) & 1 : 0
                #expect(UInt64(bytes[i / 8] >> UInt8(i % 8) & 1) == bit)
            }
            var sums = [Int64](repeating: 5, count: count)
            var sumSpan = sums.mutableSpan
            ring.addPacked(bytes.span, to: &sumSpan)
            let mask = Int64(bitPattern: UInt64.max >> UInt64(64 - bits))
            let expected: [Int64] = elements.map { ($0 & mask) &+ 5 }
            #expect(sums == expected)
            if ring.isNarrow {
                var narrow = [UInt32](repeating: 0, count: count)
                var narrowSpan = narrow.mutableSpan
                ring.addPacked(bytes.span, to: &narrowSpan)
                let words: [UInt32] = elements.map { UInt32(truncatingIfNeeded: $0 & mask) }
                #expect(narrow == words)
            }
        }
    }

    @Test func `rounding is without bias, and keeps whole steps`() throws {
        let ring = try RingFormat(valueBits: 8, weightBits: 4, clients: 10)
        #expect(ring.largestStep == 127)
        // A step is 1/127 of the limit of 1.27, 0.01: 0.123 is 12 in 70 % of the cases, and 13 in 30 %.
        let values = [Float](repeating: 0.123, count: 100_000)
        var elements = [UInt32](repeating: 0, count: values.count)
        var random = RandomStream(seed: 3, .stochasticRounding)
        var span = elements.mutableSpan
        try ring.round(values.span, limit: 1.27, weight: 1, random: &random, into: &span)
        #expect(elements.allSatisfy { $0 == 12 || $0 == 13 })
        let mean = elements.reduce(0.0) { $0 + Double($1) } / 1e5
        // Five standard deviations of √(0.21 / 100,000).
        #expect(abs(mean - 12.3) < 0.0073)

        let extremes: [Float] = [0, -0.0, 1.27, -1.27, 50, -50, 0.05]
        elements = [UInt32](repeating: 0, count: extremes.count)
        var edge = elements.mutableSpan
        try ring.round(extremes.span, limit: 1.27, weight: 16, random: &random, into: &edge)
        let steps = elements.map { ring.sum(of: UInt64($0)) }
        #expect(Array(steps.prefix(6)) == [0, 0, 2_032, -2_032, 2_032, -2_032] as [Int64])

        for weight in [0, 17] {
            #expect(throws: SecureAggregationError.badWeight(weight, most: 16)) {
                try rounded([1], ring, weight: weight)
            }
        }
        for value in [Float.nan, .infinity] {
            #expect(throws: SecureAggregationError.notFinite(index: 1)) { try rounded([0, value], ring, weight: 1) }
        }
    }

    @Test(arguments: [1, 3, 4, 1_023, 1_024, 2_500], [1, 5])
    func `vector instructions round to the same elements`(count: Int, weight: Int) throws {
        let ring = try RingFormat(valueBits: 16, weightBits: 4, clients: 100)
        var values = RandomStream(seed: 5, .stochasticRounding)
        // Past the limit, on whole steps and between them, of both signs and zeros.
        let numbers = (0..<count).map { i in
            i.isMultiple(of: 7) ? Float(i % 5 - 2) / 2 : (values.uniform() - 0.5) * 3
        }
        var both: [[UInt32]] = []
        for vectors in [false, true] {
            var elements = [UInt32](repeating: 0, count: count)
            var random = RandomStream(seed: 6, .stochasticRounding)
            var span = elements.mutableSpan
            try ring.round(numbers.span, 1, weight, &random, &span, vectors: vectors)
            both.append(elements)
        }
        #expect(both[0] == both[1])
        #expect(count < 5 || Set(both[0]).count > 2)
    }

    @Test(arguments: [1, 2, 3, 4], [1, 15, 16, 17, 33, 64])
    func `vector instructions add the same masks`(masks: Int, count: Int) {
        var random = RandomStream(seed: 7, .stochasticRounding)
        for isSubtracted in [false, true] {
            let made = (0..<masks * 64).map { _ in random.next() }
            let words = (0..<count).map { _ in random.next() }
            let expected = words.indices.map { i in
                (0..<masks).reduce(words[i]) { isSubtracted ? $0 &- made[64 * $1 + i] : $0 &+ made[64 * $1 + i] }
            }
            for vectors in [false, true] {
                var (long, short) = (words, words.map { UInt32(truncatingIfNeeded: $0) })
                var span = long.mutableSpan
                MaskStreams.add(made.span, masks, apart: 64, isSubtracted: isSubtracted, to: &span, vectors: vectors)
                #expect(long == expected)
                let low = made.map { UInt32(truncatingIfNeeded: $0) }
                var shortSpan = short.mutableSpan
                MaskStreams.add(
                    low.span, masks, apart: 64, isSubtracted: isSubtracted, to: &shortSpan, vectors: vectors)
                #expect(short == expected.map { UInt32(truncatingIfNeeded: $0) })
            }
        }
    }

    private func rounded(_ values: [Float], _ ring: RingFormat, weight: Int) throws -> [UInt32] {
        var elements = [UInt32](repeating: 0, count: values.count)
        var random = RandomStream(seed: 4, .stochasticRounding)
        var span = elements.mutableSpan
        try ring.round(values.span, limit: 1, weight: weight, random: &random, into: &span)
        return elements
    }

    /// All clients at the largest value of either sign with the largest weight: the sum that needs most bits.
    @Test(arguments: [(16, 0, 5), (8, 0, 9), (16, 8, 8), (12, 17, 6), (31, 20, 7)])
    func `the largest sums do not wrap around`(valueBits: Int, weightBits: Int, clients: Int) throws {
        let ring = try RingFormat(valueBits: valueBits, weightBits: weightBits, clients: clients)
        let parameters = try SharingParameters(clients: clients, corrupt: 0, dropout: 0.3)
        let largest = Int64(ring.largestStep) << Int64(weightBits)
        let vectors = (0..<clients).map { client in [largest, -largest, Int64(client), 0] }
        var rehearsal = Rehearsal(try Rehearsal.round(parameters, length: 4, ring: ring), vectors: vectors)
        var departures = Array(repeating: Departure.never, count: clients)
        #expect(try rehearsal.run(departures).elements == rehearsal.plainSum(Array(0..<clients)))

        departures[1] = .beforeInput
        rehearsal = Rehearsal(try Rehearsal.round(parameters, length: 4, ring: ring, number: 2), vectors: vectors)
        let sum = try rehearsal.run(departures)
        #expect(sum.elements == rehearsal.plainSum(sum.survivors) && sum.survivors.count == clients - 1)
        #expect(rehearsal.inputs.values.allSatisfy { $0.count == 40 + ring.packedBytes(count: 4) })
    }
}
