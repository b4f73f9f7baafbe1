extension RingFormat {
    /// Writes the low ``bits`` of each element, one behind the other, the lowest bit first. O(count).
    /// - Parameters:
    ///   - elements: `[count]`; bits above the ring's are not written.
    ///   - bytes: as many as ``packedBytes(count:)`` says; unused bits of the last are 0.
    @inline(__always)
    func pack<Word: FixedWidthInteger>(_ elements: Span<Word>, into bytes: inout MutableSpan<UInt8>) {
        precondition(bytes.count == packedBytes(count: elements.count) && bits <= Word.bitWidth)
        guard bits < 64 else {
            for i in 0..<elements.count {
                let word = UInt64(truncatingIfNeeded: elements[unchecked: i])
                for byte in 0..<8 {
                    bytes[unchecked: 8 * i + byte] = UInt8(truncatingIfNeeded: word >> UInt64(8 * byte))
                }
            }
            return
        }
        guard bits > 32 else { return packNarrow(elements, into: &bytes) }
        let mask = UInt64.max >> UInt64(64 - bits)
        var (pending, filled, place): (UInt128, Int, Int) = (0, 0, 0)
        for i in 0..<elements.count {
            pending |= UInt128(UInt64(truncatingIfNeeded: elements[unchecked: i]) & mask) << UInt128(filled)
            filled += bits
            guard filled >= 64 else { continue }
            let word = UInt64(truncatingIfNeeded: pending)
            for byte in 0..<8 {
                bytes[unchecked: place + byte] = UInt8(truncatingIfNeeded: word >> UInt64(8 * byte))
            }
            pending >>= 64
            filled -= 64
            place += 8
        }
        while filled > 0 {
            bytes[place] = UInt8(truncatingIfNeeded: pending)
            pending >>= 8
            filled -= 8
            place += 1
        }
    }

    /// Adds elements that ``pack(_:into:)`` wrote, modulo 2 to the power of a word's bits. O(count).
    /// - Parameters:
    ///   - bytes: as many as ``packedBytes(count:)`` says.
    ///   - sums: `[count]`.
    @inline(__always)
    func addPacked<Word: FixedWidthInteger>(_ bytes: Span<UInt8>, to sums: inout MutableSpan<Word>) {
        precondition(bytes.count == packedBytes(count: sums.count) && bits <= Word.bitWidth)
        guard bits < 64 else {
            for i in 0..<sums.count {
                var word: UInt64 = 0
                for byte in 0..<8 { word |= UInt64(bytes[unchecked: 8 * i + byte]) << UInt64(8 * byte) }
                sums[unchecked: i] &+= Word(truncatingIfNeeded: word)
            }
            return
        }
        guard bits > 32 else { return addNarrow(bytes, to: &sums) }
        let mask = UInt64.max >> UInt64(64 - bits)
        var (pending, filled, place): (UInt128, Int, Int) = (0, 0, 0)
        for i in 0..<sums.count {
            if filled < bits {
                let count = min(8, bytes.count - place)
                var word: UInt64 = 0
                if count == 8 {
                    for byte in 0..<8 { word |= UInt64(bytes[unchecked: place + byte]) << UInt64(8 * byte) }
                } else {
                    for byte in 0..<count { word |= UInt64(bytes[place + byte]) << UInt64(8 * byte) }
                }
                pending |= UInt128(word) << UInt128(filled)
                filled += 8 * count
                place += count
            }
            sums[unchecked: i] &+= Word(truncatingIfNeeded: UInt64(truncatingIfNeeded: pending) & mask)
            pending >>= UInt128(bits)
            filled -= bits
        }
    }

    /// Writes elements of 32 bits or fewer: four bytes at a time.
    /// - Precondition: ``bits`` ≤ 32.
    @inline(__always)
    private func packNarrow<Word: FixedWidthInteger>(_ elements: Span<Word>, into bytes: inout MutableSpan<UInt8>) {
        let (mask, bits) = (UInt64.max >> UInt64(64 - bits), UInt64(bits))
        bytes.withUnsafeMutableBytes { bytes in
            var (pending, filled, place): (UInt64, UInt64, Int) = (0, 0, 0)
            for i in 0..<elements.count {
                // Fewer than 32 bits wait, and 32 come at most.
                pending |= (UInt64(truncatingIfNeeded: elements[unchecked: i]) & mask) &<< filled
                filled &+= bits
                guard filled >= 32 else { continue }
                bytes.storeBytes(
                    of: UInt32(truncatingIfNeeded: pending).littleEndian, toByteOffset: place, as: UInt32.self)
                pending &>>= 32
                filled &-= 32
                place += 4
            }
            for place in place..<bytes.count {
                bytes[place] = UInt8(truncatingIfNeeded: pending)
                pending &>>= 8
            }
        }
    }

    /// Adds elements of 32 bits or fewer: each is within the eight bytes from the one that it begins in. None waits for the one before
    /// it, so that the processor works on several.
    /// - Precondition: ``bits`` ≤ 32.
    @inline(__always)
    private func addNarrow<Word: FixedWidthInteger>(_ bytes: Span<UInt8>, to sums: inout MutableSpan<Word>) {
        let (mask, bits) = (UInt64.max >> UInt64(64 - bits), bits)
        bytes.withUnsafeBytes { bytes in
            let whole = bytes.count < 8 ? 0 : min(sums.count, ((bytes.count - 8) * 8 + 7) / bits + 1)
            for i in 0..<whole {
                let word = bytes.loadUnaligned(fromByteOffset: (i &* bits) &>> 3, as: UInt64.self)
                let element = UInt64(littleEndian: word) &>> UInt64(truncatingIfNeeded: i &* bits & 7) & mask
                sums[unchecked: i] &+= Word(truncatingIfNeeded: element)
            }
            for i in whole..<sums.count {
                let start = i * bits / 8
                var word: UInt64 = 0
                for (k, byte) in bytes[start...].prefix(8).enumerated() { word |= UInt64(byte) << UInt64(8 * k) }
                sums[unchecked: i] &+= Word(truncatingIfNeeded: word >> UInt64(i * bits % 8) & mask)
            }
        }
    }
}
