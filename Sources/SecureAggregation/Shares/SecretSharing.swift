import Cryptography
import FedCore

/// Shares of a secret of 32 bytes (A. Shamir, *How to Share a Secret*, CACM 22(11), 1979): any `threshold` of them give it back,
/// fewer say nothing about it.
///
/// The secret is cut into five numbers of 52 bits, the lowest first. Each is the value at 0 of a polynomial of degree
/// `threshold` − 1 over the field of the prime 2⁶¹ − 1, whose other coefficients are uniformly random; a share is the five values
/// at a point that is not 0.
struct SecretSharing: ~Copyable {
    /// Bytes of a secret.
    static let secretBytes = 32
    /// Numbers of a secret and of a share.
    static let limbs = 5
    /// Bytes of a share: five numbers of 64 bits.
    static let shareBytes = 8 * limbs
    private static let limbBits: UInt64 = 52

    /// Shares that give the secret back.
    let threshold: Int
    /// The coefficients of the five polynomials, those of one degree side by side, the lowest first.
    private var coefficients: SecretBytes

    /// Makes the polynomials of a secret. O(threshold).
    /// - Parameters:
    ///   - secret: 32 bytes.
    ///   - threshold: at least 1.
    ///   - random: where the coefficients come from.
    init(of secret: borrowing SecretBytes, threshold: Int, random: inout KeyStream) {
        precondition(secret.count == Self.secretBytes && threshold >= 1, "a secret of \(secret.count) bytes")
        self.threshold = threshold
        coefficients = SecretBytes(zeros: threshold * Self.shareBytes)
        var numbers = coefficients.mutableWords(of: UInt64.self)
        random.fill(&numbers)
        for i in Self.limbs..<numbers.count {
            // 61 random bits, drawn again when they are the prime, once in 2⁶¹ times.
            var number = numbers[i] & PrimeField.prime
            while number == PrimeField.prime {
                var again = numbers.part(i..<i + 1)
                random.fill(&again)
                number = numbers[i] & PrimeField.prime
            }
            numbers[i] = number
        }
        for i in 0..<Self.limbs { numbers[i] = 0 }
        for (i, place) in (0..<Self.secretBytes).enumerated() {
            // A byte may belong to two numbers.
            let (limb, bit) = (UInt64(8 * i) / Self.limbBits, UInt64(8 * i) % Self.limbBits)
            let byte = UInt64(secret.span[place])
            numbers[Int(limb)] |= byte << bit & (1 << Self.limbBits - 1)
            if bit + 8 > Self.limbBits { numbers[Int(limb) + 1] |= byte >> (Self.limbBits - bit) }
        }
    }

    /// Writes the share at a point. O(threshold).
    /// - Parameters:
    ///   - point: 1 … 2⁶¹ − 2; two holders have different ones.
    ///   - share: 40 bytes.
    borrowing func write(at point: UInt64, into share: inout MutableSpan<UInt8>) {
        precondition(point > 0 && point < PrimeField.prime && share.count == Self.shareBytes, "a share at \(point)")
        let numbers = coefficients.words(of: UInt64.self)
        for limb in 0..<Self.limbs {
            var value: UInt64 = 0
            for degree in stride(from: threshold - 1, through: 0, by: -1) {
                value = PrimeField.add(PrimeField.multiply(value, point), numbers[degree * Self.limbs + limb])
            }
            for byte in 0..<8 { share[8 * limb + byte] = UInt8(truncatingIfNeeded: value >> UInt64(8 * byte)) }
        }
    }

    /// Puts a secret together. O(shares²).
    /// - Parameters:
    ///   - points: the points of the shares, all different, none 0: as many as the threshold.
    ///   - shares: one behind the other, 40 bytes each, in the order of the points.
    /// - Returns: the secret, or nil when the shares are not of one secret of 32 bytes; shares of different secrets mostly
    ///   give another secret.
    static func secret(points: [UInt64], shares: borrowing SecretBytes) -> SecretBytes? {
        precondition(shares.count == points.count * shareBytes, "\(shares.count) bytes of \(points.count) shares")
        let factors = Self.factors(of: points, at: 0)
        let values = shares.words(of: UInt64.self)
        var secret = SecretBytes(zeros: secretBytes)
        for limb in 0..<limbs {
            var number: UInt64 = 0
            for (i, factor) in factors.enumerated() {
                let value = UInt64(littleEndian: values[i * limbs + limb])
                number = PrimeField.add(number, PrimeField.multiply(factor, value))
            }
            let first = UInt64(limb) * limbBits
            let bits = min(limbBits, UInt64(8 * secretBytes) - first)
            guard number < 1 << bits else { return nil }
            var bytes = secret.mutableSpan
            // The lowest bits fill the byte that the number before has begun.
            var (rest, bit) = (number << (first % 8), first / 8 * 8)
            while bit < first + bits {
                bytes[Int(bit / 8)] |= UInt8(truncatingIfNeeded: rest)
                rest >>= 8
                bit += 8
            }
        }
        return secret
    }

    /// Whether the 40 bytes are a share: five numbers below the prime.
    static func isShare(_ bytes: Span<UInt8>) -> Bool {
        guard bytes.count == shareBytes else { return false }
        for limb in 0..<limbs {
            var value: UInt64 = 0
            for byte in 0..<8 { value |= UInt64(bytes[8 * limb + byte]) << UInt64(8 * byte) }
            guard value < PrimeField.prime else { return false }
        }
        return true
    }

    /// With which factors the values of a polynomial at these points make its value at another one (Lagrange). O(points²),
    /// one division.
    static func factors(of points: [UInt64], at target: UInt64) -> [UInt64] {
        // Of each point, Π (target − other) and Π (point − other).
        var above: [UInt64] = []
        var below: [UInt64] = []
        for point in points {
            var (numerator, denominator): (UInt64, UInt64) = (1, 1)
            for other in points where other != point {
                numerator = PrimeField.multiply(numerator, PrimeField.subtract(target, other))
                denominator = PrimeField.multiply(denominator, PrimeField.subtract(point, other))
            }
            above.append(numerator)
            below.append(denominator)
        }
        // All are inverted by one division: products up to each, then back (P. Montgomery's trick).
        var products: [UInt64] = [1]
        for number in below { products.append(PrimeField.multiply(products[products.count - 1], number)) }
        var inverse = PrimeField.inverse(products[below.count])
        for i in below.indices.reversed() {
            above[i] = PrimeField.multiply(above[i], PrimeField.multiply(inverse, products[i]))
            inverse = PrimeField.multiply(inverse, below[i])
        }
        return above
    }
}
