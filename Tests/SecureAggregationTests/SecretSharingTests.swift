import Cryptography
import FedCore
import Testing

@testable import SecureAggregation

@Suite struct SecretSharingTests {
    private static let secret = (0..<32).map { UInt8(truncatingIfNeeded: 255 - 7 * $0) }

    private func stream(_ seed: UInt8) -> KeyStream {
        KeyStream(key: SecretBytes(copying: [UInt8](repeating: seed, count: 32)))
    }

    /// The shares of points 1 … count.
    private func shares(_ secret: [UInt8], _ count: Int, threshold: Int, seed: UInt8 = 1) -> [[UInt8]] {
        var random = stream(seed)
        let sharing = SecretSharing(of: SecretBytes(copying: secret), threshold: threshold, random: &random)
        return (1...count).map { point in
            var share = [UInt8](repeating: 0, count: SecretSharing.shareBytes)
            var span = share.mutableSpan
            sharing.write(at: UInt64(point), into: &span)
            return share
        }
    }

    private func secret(_ points: [Int], _ shares: [[UInt8]]) -> [UInt8]? {
        let bytes = SecretBytes(copying: points.flatMap { shares[$0 - 1] })
        return SecretSharing.secret(points: points.map { UInt64($0) }, shares: bytes)?.bytes
    }

    /// 2⁶¹ − 1 = 2305843009213693951. By hand: 2⁶⁰ · 2 = 2⁶¹ = 1; (p − 1)² = (−1)² = 1; 2⁶⁰ · 2⁶⁰ = 2¹²⁰ = 2⁵⁹ · 2⁶¹ = 2⁵⁹; the
    /// inverse of 2 is 2⁶⁰.
    @Test func `arithmetic modulo the prime, worked out by hand`() {
        let p = PrimeField.prime
        #expect(p == 2_305_843_009_213_693_951)
        #expect(PrimeField.add(p - 1, 1) == 0 && PrimeField.add(p - 1, p - 1) == p - 2)
        #expect(PrimeField.subtract(0, 1) == p - 1 && PrimeField.subtract(5, 5) == 0)
        #expect(PrimeField.multiply(1 << 60, 2) == 1)
        #expect(PrimeField.multiply(p - 1, p - 1) == 1)
        #expect(PrimeField.multiply(1 << 60, 1 << 60) == 1 << 59)
        #expect(PrimeField.multiply(p - 1, 0) == 0)
        #expect(PrimeField.inverse(2) == 1 << 60 && PrimeField.inverse(1) == 1)
        var random = RandomStream(seed: 5, .synthesis)
        for _ in 0..<1_000 {
            let (a, b) = (random.next() % p, random.next() % p)
            // Against the library's division of 128 bits.
            #expect(PrimeField.multiply(a, b) == UInt64(UInt128(a) * UInt128(b) % UInt128(p)))
            if a > 0 { #expect(PrimeField.multiply(a, PrimeField.inverse(a)) == 1) }
        }
    }

    /// Shares of the polynomial 1234 + 166 x + 94 x², the example of Wikipedia's article on Shamir's secret sharing: the factors at 0 of the points
    /// 2, 4, 5 with the values 1942, 3402, 4414 give 1234.
    @Test func `a published example`() {
        let factors = SecretSharing.factors(of: [2, 4, 5], at: 0)
        let sum = zip(factors, [1_942, 3_402, 4_414] as [UInt64]).reduce(0 as UInt64) {
            PrimeField.add($0, PrimeField.multiply($1.0, $1.1))
        }
        #expect(sum == 1_234)
    }

    @Test func `any shares of the threshold give the secret back`() {
        var random = RandomStream(seed: 1, .synthesis)
        for (count, threshold) in [(1, 1), (2, 2), (5, 3), (9, 5), (72, 24), (100, 51)] {
            let shares = shares(Self.secret, count, threshold: threshold)
            for _ in 0..<20 {
                var points = Array(1...count)
                random.shuffle(&points)
                #expect(secret(Array(points.prefix(threshold)), shares) == Self.secret)
            }
        }
    }

    @Test func `extreme secrets come back`() {
        for secret in [[UInt8](repeating: 0, count: 32), [UInt8](repeating: 255, count: 32)] {
            #expect(self.secret([3, 1, 2], shares(secret, 3, threshold: 3)) == secret)
        }
    }

    /// For each secret there is exactly one sharing that has the given t − 1 shares: a holder of these cannot tell secrets
    /// apart, for coefficients are uniform.
    @Test func `one share fewer fits every secret`() {
        let threshold = 4
        let known = Array(shares(Self.secret, 6, threshold: threshold)[..<(threshold - 1)])
        func limb(_ bytes: [UInt8], _ limb: Int) -> UInt64 {
            (0..<8).reduce(0) { $0 | UInt64(bytes[8 * limb + $1]) << UInt64(8 * $1) }
        }
        var random = RandomStream(seed: 9, .synthesis)
        for _ in 0..<50 {
            let other = (0..<32).map { _ in UInt8(truncatingIfNeeded: random.nextWord()) }
            // The values at 0 of the other secret: those of the share that a sharing with threshold 1 gives.
            let constant = shares(other, 1, threshold: 1)[0]
            // The share at point 6 that makes the known ones shares of the other secret.
            var missing: [UInt8] = []
            let factors = SecretSharing.factors(of: [0, 1, 2, 3], at: 6)
            for i in 0..<SecretSharing.limbs {
                let values = [limb(constant, i)] + known.map { limb($0, i) }
                let value = zip(factors, values).reduce(0 as UInt64) {
                    PrimeField.add($0, PrimeField.multiply($1.0, $1.1))
                }
                missing.append(littleEndian: value)
            }
            let all = known + [[UInt8](repeating: 0, count: 40), [UInt8](repeating: 0, count: 40), missing]
            #expect(secret([1, 2, 3, 6], all) == other)
        }
    }

    /// Bits of single shares over 2,000 sharings of one secret: each of the lowest 60 of a number is set in half of them.
    @Test func `a single share looks random`() {
        var counts = [Int](repeating: 0, count: 60)
        var random = stream(77)
        for _ in 0..<2_000 {
            let sharing = SecretSharing(of: SecretBytes(copying: Self.secret), threshold: 2, random: &random)
            var share = [UInt8](repeating: 0, count: SecretSharing.shareBytes)
            var span = share.mutableSpan
            sharing.write(at: 1, into: &span)
            for bit in counts.indices where share[bit / 8] >> UInt8(bit % 8) & 1 == 1 { counts[bit] += 1 }
        }
        // Six standard deviations of √500.
        #expect(counts.allSatisfy { abs($0 - 1_000) < 135 })
    }

    @Test func `shares of other secrets or numbers past the field are noticed`() {
        let (mine, others) = (shares(Self.secret, 3, threshold: 2), shares(Self.secret, 3, threshold: 2, seed: 2))
        #expect(secret([1, 2], [mine[0], others[1], mine[2]]) != Self.secret)
        func isShare(_ bytes: [UInt8]) -> Bool { SecretSharing.isShare(bytes.span) }
        #expect(isShare(mine[0]))
        var past = mine[0]
        for i in 8..<15 { past[i] = 0xFF }
        past[15] = 0x1F
        #expect(!isShare(past), "the prime itself is no element")
        #expect(!isShare(Array(mine[0].dropLast())))
    }
}

extension SecretBytes {
    /// A copy that a test may look at.
    var bytes: [UInt8] { span.indices.map { span[$0] } }
}
