import FedCore

/// Ascending places as gaps in a Golomb–Rice code: of each gap the low b bits as they are and the rest in unary, with
/// the b that is best for gaps of places that are each chosen with the same probability.
///
/// S. W. Golomb, *Run-Length Encodings*, IEEE Transactions on Information Theory 12(3), 1966; the parameter is that of
/// F. Sattler et al., *Robust and Communication-Efficient Federated Learning from Non-IID Data*, IEEE TNNLS 31(9), 2020,
/// arXiv:1903.02891: b* = 1 + ⌊log₂(ln(φ − 1) / ln(1 − p))⌋ with the golden ratio φ.
///
/// ```
/// 0  places UInt32   4  b UInt8   5  the codes, zeros up to a whole byte
/// ```
enum GolombPlaces {
    /// Bytes before the codes.
    private static let headerBytes = 5
    /// The largest b: a gap of 31 bits needs no unary part.
    private static let largestParameter = 30

    /// The best b.
    /// - Parameters:
    ///   - places: how many are chosen, at least 1.
    ///   - count: of how many.
    static func parameter(places: Int, of count: Int) -> Int {
        guard places < count else { return 0 }
        let ratio = -0.48121182505960347 / PortableMath.log(1 - Double(places) / Double(count))
        // ratio.exponent is ⌊log₂ ratio⌋.
        return min(max(1 + Int(ratio.exponent), 0), largestParameter)
    }

    /// Bytes that no encoding of at most so many places exceeds: each takes b + 1 bits, and the unary parts of all
    /// together at most one bit for every 2ᵇ numbers. Of fewer places b is larger, but not as much as they are fewer.
    static func capacity(places: Int, of count: Int) -> Int {
        let bits = places == 0 ? 0 : places * (parameter(places: places, of: count) + 2) + count
        return headerBytes + (bits + 7) / 8
    }

    /// Writes places.
    /// - Returns: index of the byte behind them.
    static func write(
        _ places: Span<UInt32>, of count: Int, into bytes: inout MutableSpan<UInt8>, at start: Int
    ) -> Int {
        let parameter = places.isEmpty ? 0 : parameter(places: places.count, of: count)
        bytes.put(UInt32(places.count), at: start)
        bytes[start + 4] = UInt8(parameter)
        guard parameter > 0 || places.isEmpty else {
            return writeMask(places, into: &bytes, at: start + headerBytes)
        }
        var writer = BitWriter(at: start + headerBytes)
        var next: UInt32 = 0
        let mask = UInt32(1) << UInt32(parameter) - 1
        for i in 0..<places.count {
            let gap = places[unchecked: i] &- next
            let high = Int(gap >> UInt32(parameter))
            if parameter &+ high < 31 {
                let ones = UInt32(1) &<< UInt32(high) &- 1
                writer.put(gap & mask | ones &<< UInt32(parameter), bits: parameter &+ high &+ 1, into: &bytes)
            } else {
                writer.put(gap & mask, bits: parameter, into: &bytes)
                writer.putUnary(high, into: &bytes)
            }
            next = places[unchecked: i] &+ 1
        }
        return writer.finish(&bytes)
    }

    /// Reads places.
    /// - Parameters:
    ///   - bytes: the whole encoding, which is not trusted.
    ///   - start: where the places begin.
    ///   - count: of how many numbers they are.
    ///   - most: how many there can be.
    /// - Returns: the places, ascending and below `count`, and the index of the byte behind them.
    /// - Throws: `CodecError` when they are no such places.
    static func read(
        _ bytes: Span<UInt8>, at start: Int, of count: Int, atMost most: Int
    ) throws(CodecError) -> (places: [UInt32], end: Int) {
        guard bytes.count >= start + headerBytes else { throw CodecError("ends before its places") }
        let number = Int(bytes.word(at: start))
        let parameter = Int(bytes[start + 4])
        guard number <= most, parameter <= largestParameter else {
            throw CodecError("has \(number) places in a code of \(parameter) bits, more than there can be")
        }
        guard parameter > 0 || number == 0 else {
            return try readMask(bytes, at: start + headerBytes, of: count, number: number)
        }
        var places: [UInt32] = []
        places.reserveCapacity(number)
        var reader = BitReader(at: start + headerBytes)
        var next = 0
        for _ in 0..<number {
            let low = Int(reader.take(parameter, of: bytes))
            guard next < count, let high = reader.takeUnary(atMost: (count - next) >> parameter, of: bytes) else {
                throw CodecError("has a place behind the last number")
            }
            let place = next + low + high << parameter
            guard place < count else { throw CodecError("has a place behind the last number") }
            places.append(UInt32(place))
            next = place + 1
        }
        guard let end = reader.end() else { throw CodecError("ends within its places") }
        return (places, end)
    }
}
