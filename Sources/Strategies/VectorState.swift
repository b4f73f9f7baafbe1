public import FedCore

/// The bytes of what strategies remember: vectors one behind the other, as Float32, little-endian. They stand
/// in checkpoints.
///
/// Before the first round the vectors are empty, as their length is not known yet; then all of them are, and so
/// are the bytes.
public enum VectorState {
    /// The vectors as bytes, 4 for each float. O(their length).
    public static func bytes(_ vectors: [[Float]]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(vectors.reduce(0) { $0 + $1.count * 4 })
        for value in vectors.joined() {
            let bits = value.bitPattern
            for shift in stride(from: 0, to: 32, by: 8) {
                bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(shift)))
            }
        }
        return bytes
    }

    /// Reads the vectors back.
    ///
    /// - Parameters:
    ///   - bytes: the state; it may be damaged, or another strategy's.
    ///   - count: number of vectors, ≥ 1.
    ///   - strategy: name of the strategy, for error messages.
    /// - Throws: `ConfigurationError` when the bytes are not `count` vectors of one length, of finite numbers.
    public static func vectors(
        _ bytes: [UInt8], count: Int, of strategy: String
    ) throws(ConfigurationError) -> [[Float]] {
        guard bytes.count % (4 * count) == 0 else {
            throw ConfigurationError("strategy '\(strategy)' cannot take back a state of \(bytes.count) bytes")
        }
        let length = bytes.count / (4 * count)
        var vectors: [[Float]] = []
        for vector in 0..<count {
            let floats = (0..<length).map { element in
                let at = 4 * (vector * length + element)
                let low = UInt32(bytes[at]) | UInt32(bytes[at + 1]) << 8
                return Float(bitPattern: low | UInt32(bytes[at + 2]) << 16 | UInt32(bytes[at + 3]) << 24)
            }
            guard floats.allSatisfy(\.isFinite) else {
                throw ConfigurationError("the state of strategy '\(strategy)' holds numbers that are not finite")
            }
            vectors.append(floats)
        }
        return vectors
    }
}

extension [Float] {
    /// Makes an empty vector `count` elements long, each `value`. A server calls it before each step, as it
    /// learns the length only then.
    ///
    /// - Precondition: a vector that is not empty has this length already.
    mutating func grow(to count: Int, with value: Float = 0) {
        if isEmpty { self = [Float](repeating: value, count: count) }
        precondition(self.count == count, "the weights have changed their number")
    }
}

extension MutableSpan<Float> {
    /// Copies a vector; an empty one counts as zeros.
    mutating func fill(_ vector: [Float]) {
        precondition(vector.isEmpty || vector.count == count)
        for i in 0..<count { self[unchecked: i] = vector.isEmpty ? 0 : vector[i] }
    }
}
