/// The places of the numbers of the largest magnitude, ties by the lowest place: what sorting would give, in O(count).
///
/// The magnitudes of floats are ordered as their bits are. A histogram of the highest 12 of these 31 bits tells in which
/// bin the last number that is wanted lies; what is in it or above it is collected, and a second and a third histogram,
/// of the bits below, find the exact bound among the few that are collected.
enum LargestMagnitudes {
    /// Finds places.
    /// - Parameters:
    ///   - wanted: how many, 0 … the range's length.
    ///   - numbers: finite numbers.
    ///   - range: where to look.
    ///   - places: the places found are appended in ascending order.
    static func append(
        _ wanted: Int, of numbers: Span<Float>, in range: Range<Int>, to places: inout [UInt32]
    ) {
        precondition(wanted >= 0 && wanted <= range.count && range.upperBound <= numbers.count)
        guard wanted > 0 else { return }
        guard wanted < range.count else { return places.append(contentsOf: range.map { UInt32($0) }) }
        // In four histograms, so that equal bins of neighbours do not wait for one another.
        var bins = [UInt32](repeating: 0, count: 4 << 12)
        var span = bins.mutableSpan
        for i in range {
            let bin = Int(bits(numbers[unchecked: i]) >> 19)
            span[unchecked: (i & 3) << 12 | bin] &+= 1
        }
        for bin in 0..<1 << 12 {
            span[unchecked: bin] &+=
                span[unchecked: 1 << 12 | bin] &+ span[unchecked: 2 << 12 | bin]
                &+ span[unchecked: 3 << 12 | bin]
        }
        let (high, above) = lastBin(of: span.span, bins: 1 << 12, holding: wanted)
        // The place of every number is written, and stays where the next does not overwrite it.
        let least = UInt32(high) << 19
        var candidates = [UInt32](repeating: 0, count: above + Int(span[high]) + 1)
        var candidateSpan = candidates.mutableSpan
        var next = 0
        for i in range {
            candidateSpan[unchecked: next] = UInt32(truncatingIfNeeded: i)
            // 1 from the bin on, else 0: as a comparison it would become a branch that is often guessed wrongly.
            next &+= Int(truncatingIfNeeded: (least &- 1 &- bits(numbers[unchecked: i])) &>> 31)
        }
        let bound = exactBound(
            numbers, candidateSpan.span.extracting(0..<next), high: least, wanted: wanted - above, &span)
        var ties = bound.ties
        var kept = 0
        for j in 0..<next {
            let place = candidateSpan[unchecked: j]
            let magnitude = bits(numbers[unchecked: Int(place)])
            let tie = magnitude == bound.magnitude && ties > 0 ? 1 : 0
            ties &-= tie
            candidateSpan[unchecked: kept] = place
            kept &+= magnitude > bound.magnitude ? 1 : tie
        }
        candidates.removeLast(candidates.count - kept)
        places.append(contentsOf: candidates)
    }

    /// The smallest magnitude that is wanted, and how many numbers of just this magnitude are.
    /// - Parameters:
    ///   - candidates: places of all numbers from the bin on.
    ///   - high: bits of the bin.
    ///   - wanted: how many numbers of the bin are wanted, at least 1.
    ///   - bins: memory for the histograms.
    private static func exactBound(
        _ numbers: Span<Float>, _ candidates: Span<UInt32>, high: UInt32, wanted: Int, _ bins: inout MutableSpan<UInt32>
    ) -> (magnitude: UInt32, ties: Int) {
        var (prefix, rest) = (high, wanted)
        // Those of the bin itself; the ones above it are wanted anyway.
        var memory = [UInt32](repeating: 0, count: candidates.count + 1)
        var inBin = memory.mutableSpan
        var count = 0
        for j in 0..<candidates.count {
            let magnitude = bits(numbers[unchecked: Int(candidates[unchecked: j])])
            inBin[unchecked: count] = magnitude
            count &+= magnitude >> 19 == high >> 19 ? 1 : 0
        }
        for (shift, width) in [(9, 10), (0, 9)] as [(UInt32, UInt32)] {
            for bin in 0..<1 << width { bins[bin] = 0 }
            for j in 0..<count {
                let magnitude = inBin[unchecked: j]
                guard magnitude >> (shift + width) == prefix >> (shift + width) else { continue }
                bins[Int(magnitude >> shift & (1 << width - 1))] += 1
            }
            let (bin, above) = lastBin(of: bins.span, bins: 1 << Int(width), holding: rest)
            prefix |= UInt32(bin) << shift
            rest -= above
        }
        return (prefix, rest)
    }

    /// The bin, from above, in which the last number that is wanted lies, and how many lie in the bins above it.
    private static func lastBin(of counts: Span<UInt32>, bins: Int, holding wanted: Int) -> (bin: Int, above: Int) {
        var above = 0
        for bin in stride(from: bins - 1, to: 0, by: -1) {
            let count = Int(counts[bin])
            if above + count >= wanted { return (bin, above) }
            above += count
        }
        return (0, above)
    }

    /// A magnitude as a number that is ordered alike.
    @inline(__always)
    static func bits(_ value: Float) -> UInt32 { value.bitPattern & 0x7fff_ffff }
}
