import FedCore

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
    /// - Complexity: O(range), whatever the numbers are; allocates 64 KiB of histograms, and memory for those that are
    ///   collected.
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
        let bin = (high: UInt32(high), count: Int(span[high]), wanted: wanted - above)
        if wanted > range.count / 8 {
            appendMany(wanted, of: numbers, in: range, bin, &span, to: &places)
        } else {
            appendFew(wanted, of: numbers, in: range, bin, &span, to: &places)
        }
    }

    /// The bin in which the last number that is wanted lies: the highest bits of its numbers, how many there are, and how
    /// many of them are wanted.
    private typealias Bin = (high: UInt32, count: Int, wanted: Int)

    /// Appends places where they are few, at most an eighth: collects those from the bin on, and looks at these alone.
    /// - Parameters:
    ///   - wanted: how many.
    ///   - numbers: finite numbers.
    ///   - range: where to look.
    ///   - bin: where the last one lies.
    ///   - bins: memory for the histograms.
    ///   - places: `wanted` places are appended, ascending.
    private static func appendFew(
        _ wanted: Int, of numbers: Span<Float>, in range: Range<Int>, _ bin: Bin, _ bins: inout MutableSpan<UInt32>,
        to places: inout [UInt32]
    ) {
        // The place of every number is written, and stays where the next does not overwrite it.
        let least = bin.high << 19
        var candidates = [UInt32](repeating: 0, count: wanted - bin.wanted + bin.count + 1)
        var candidateSpan = candidates.mutableSpan
        var next = 0
        for i in range {
            candidateSpan[unchecked: next] = UInt32(truncatingIfNeeded: i)
            // 1 from the bin on, else 0: as a comparison it would become a branch that is often guessed wrongly.
            next &+= Int(truncatingIfNeeded: (least &- 1 &- bits(numbers[unchecked: i])) &>> 31)
        }
        // Those of the bin itself; the ones above it are wanted anyway.
        var memory = [UInt32](repeating: 0, count: next + 1)
        var inBin = memory.mutableSpan
        var count = 0
        for j in 0..<next {
            let magnitude = bits(numbers[unchecked: Int(candidateSpan[unchecked: j])])
            inBin[unchecked: count] = magnitude
            count &+= magnitude >> 19 == bin.high ? 1 : 0
        }
        var (bound, ties) = exactBound(inBin.span.extracting(0..<count), bin, &bins)
        var kept = 0
        for j in 0..<next {
            let place = candidateSpan[unchecked: j]
            let magnitude = bits(numbers[unchecked: Int(place)])
            let tie = magnitude == bound && ties > 0 ? 1 : 0
            ties &-= tie
            candidateSpan[unchecked: kept] = place
            kept &+= magnitude > bound ? 1 : tie
        }
        candidates.removeLast(candidates.count - kept)
        places.append(contentsOf: candidates)
    }

    /// Appends places where they are many: collects the numbers of the bin alone, and then goes through all again.
    /// Parameters as where they are few.
    private static func appendMany(
        _ wanted: Int, of numbers: Span<Float>, in range: Range<Int>, _ bin: Bin, _ bins: inout MutableSpan<UInt32>,
        to places: inout [UInt32]
    ) {
        var memory = Scratch.places.take(bin.count + 1)
        defer { Scratch.places.give(memory) }
        var inBin = memory.mutableSpan
        var next = 0
        for i in range {
            let magnitude = bits(numbers[unchecked: i])
            inBin[unchecked: next] = magnitude
            // 1 in the bin, else 0, without a branch.
            next &+= Int(truncatingIfNeeded: ((magnitude >> 19 ^ bin.high) &- 1) &>> 31)
        }
        var (bound, ties) = exactBound(inBin.span.extracting(0..<next), bin, &bins)
        let before = places.count
        places.append(contentsOf: repeatElement(0, count: wanted + 1))
        var all = places.mutableSpan
        var part = all.part(before...)
        next = 0
        var i = range.lowerBound
        // The bound itself is wanted until its ties are used up, then what is above it.
        while ties > 0 {
            let magnitude = bits(numbers[unchecked: i])
            part[unchecked: next] = UInt32(truncatingIfNeeded: i)
            next &+= Int(truncatingIfNeeded: (bound &- 1 &- magnitude) &>> 31)
            ties &-= magnitude == bound ? 1 : 0
            i &+= 1
        }
        while i < range.upperBound {
            part[unchecked: next] = UInt32(truncatingIfNeeded: i)
            next &+= Int(truncatingIfNeeded: (bound &- bits(numbers[unchecked: i])) &>> 31)
            i &+= 1
        }
        places.removeLast()
    }

    /// The smallest magnitude that is wanted, and how many numbers of just this magnitude are.
    /// - Parameters:
    ///   - inBin: the magnitudes of the bin.
    ///   - bin: at least one of them is wanted.
    ///   - bins: memory for the histograms, at least 1,024.
    /// - Returns: the magnitude's bits, and how many of the numbers equal to it are wanted, at least 1: the first ones.
    private static func exactBound(
        _ inBin: Span<UInt32>, _ bin: Bin, _ bins: inout MutableSpan<UInt32>
    ) -> (magnitude: UInt32, ties: Int) {
        var (prefix, rest) = (bin.high << 19, bin.wanted)
        for (shift, width) in [(9, 10), (0, 9)] as [(UInt32, UInt32)] {
            for bin in 0..<1 << width { bins[bin] = 0 }
            for j in 0..<inBin.count {
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
    /// - Parameters:
    ///   - counts: numbers in each bin.
    ///   - bins: how many bins there are.
    ///   - wanted: 1 … the numbers in all bins.
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
    /// A magnitude as a number that is ordered alike: the bits but for the sign, below 2³¹.
    static func bits(_ value: Float) -> UInt32 { value.bitPattern & 0x7fff_ffff }
}
