/// SHA-256 of the canonical flat weights, little-endian Float32, in hexadecimal: equal digests are equal models.
public func weightsDigest(_ weights: Span<Float>) -> String {
    var hash = SHA256()
    var block: [UInt8] = []
    block.reserveCapacity(4 * 4096)
    for start in stride(from: 0, to: weights.count, by: 4096) {
        block.removeAll(keepingCapacity: true)
        for i in start..<min(start + 4096, weights.count) {
            let bits = weights[i].bitPattern
            for shift in stride(from: 0, to: 32, by: 8) { block.append(UInt8(truncatingIfNeeded: bits >> shift)) }
        }
        hash.update(block)
    }
    return hash.finalize().hexadecimal
}
