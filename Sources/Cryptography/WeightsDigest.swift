/// The SHA-256 of flat weights, as 64 hexadecimal digits: equal digests mean equal weights, bit for bit.
///
/// A run prints it at its end. It is the same for one seed at any number of ranks, and tests compare runs by it.
/// - Parameter weights: weights in the canonical order; they are hashed as little-endian Float32, on every machine.
/// - Complexity: O(weights), with a buffer of 16 KB.
public func weightsDigest(_ weights: Span<Float>) -> String {
    var hash = SHA256()
    var block: [UInt32] = []
    block.reserveCapacity(4096)
    for start in stride(from: 0, to: weights.count, by: 4096) {
        block.removeAll(keepingCapacity: true)
        for i in start..<min(start + 4096, weights.count) { block.append(weights[i].bitPattern.littleEndian) }
        hash.update(block.span.bytes)
    }
    return hash.finalize().hexadecimal
}
