public import FedCore

/// Range asymmetric numeral systems: each plane's symbols with their own frequencies, close to the entropy of order 0.
/// A plane that would not become shorter is packed as it is.
///
/// J. Duda, *Asymmetric Numeral Systems*, 2013, arXiv:1311.2540 (the range variant); states of 32 bits that give and
/// take words of 16, four of them in turn where there are many symbols: F. Giesen, *Interleaved Entropy Coders*, 2014,
/// arXiv:1402.3392.
///
/// ```
/// plane   0  precision UInt8, 0 of a plane that is packed   1  table   …  states UInt32 (1 or 4)   …  words UInt16
/// ```
public struct RangeANS: EntropyStage {
    public static let name = "rans"
    public static let summary = "symbols in about as many bits as their entropy"
    public static let paper = "Duda, Asymmetric Numeral Systems, 2013"

    /// The lowest state between two symbols; a state is below 2³².
    private static let lowest: UInt32 = 1 << 16

    /// Takes no arguments.
    public init(_ reader: inout OptionReader) {}

    /// False: symbols that occur often take less.
    public var isFixedLength: Bool { false }

    /// A byte more than packed symbols for each plane: one that would be longer is packed.
    public func capacity(count: Int, planes: Int, alphabet: Int) -> Int {
        planes * (1 + PackedSymbols.byteCount(count, alphabet: alphabet))
    }

    /// States that so many symbols are coded with: one below 16,384, where the 16 bytes of four would be noticed in the
    /// length.
    private static func lanes(_ count: Int) -> Int { count >= 1 << 14 ? 4 : 1 }

    /// Codes each plane with frequencies of its own, backwards. O(symbols); allocates two bytes a symbol of a plane.
    /// - Precondition: `bytes` has as many as the capacity says.
    public func encode(
        _ symbols: Span<UInt8>, planes: Int, alphabet: Int, tensors: [CodecTensor],
        into bytes: inout MutableSpan<UInt8>
    ) -> Int {
        var words = [UInt16](repeating: 0, count: symbols.count / planes)
        return PackedSymbols.encodePlanes(symbols, planes: planes, alphabet: alphabet, into: &bytes) {
            plane, limit, bytes, start in
            Self.code(plane, alphabet: alphabet, below: limit, into: &bytes, at: start, &words)
        }
    }

    /// Codes a plane.
    /// - Parameters:
    ///   - symbols: the plane, each symbol below `alphabet`.
    ///   - alphabet: number of symbols that there are.
    ///   - limit: bytes that it has to stay below, the first one not counted.
    ///   - bytes: the whole packing.
    ///   - start: index of the plane's first byte.
    ///   - words: memory, as long as the plane.
    /// - Returns: index of the byte behind it; nil when it would be too long, and then nothing is written.
    private static func code(
        _ symbols: Span<UInt8>, alphabet: Int, below limit: Int, into bytes: inout MutableSpan<UInt8>, at start: Int,
        _ words: inout [UInt16]
    ) -> Int? {
        guard !symbols.isEmpty else { return nil }
        precondition(words.count >= symbols.count)
        let (table, bits) = SymbolFrequencies.best(for: Array(CodedBytes.counts(of: symbols).prefix(alphabet)))
        let lanes = lanes(symbols.count)
        guard bits / 8 + Double(4 * lanes) < Double(limit) else { return nil }
        let before = table.starts
        let (frequencies, starts) = (table.frequencies.span, before.span)
        let precision = UInt32(table.precision)
        var four = [UInt32](repeating: lowest, count: 4)
        var states = four.mutableSpan
        var next = words.count
        var output = words.mutableSpan
        // Backwards: what is written last is read first.
        for i in stride(from: symbols.count - 1, through: 0, by: -1) {
            let symbol = Int(symbols[unchecked: i])
            let frequency = frequencies[unchecked: symbol]
            var state = states[unchecked: i & (lanes &- 1)]
            if UInt64(state) >= UInt64(frequency) << (32 - UInt64(precision)) {
                next &-= 1
                output[unchecked: next] = UInt16(truncatingIfNeeded: state)
                state >>= 16
            }
            let quotient = state / frequency
            states[unchecked: i & (lanes &- 1)] =
                quotient &<< precision &+ (state &- quotient &* frequency) &+ starts[unchecked: symbol]
        }
        let length = table.tableBytes + 4 * lanes + 2 * (output.count - next)
        guard length < limit else { return nil }
        bytes[start] = UInt8(table.precision)
        var place = table.write(into: &bytes, at: start + 1)
        for lane in 0..<lanes {
            bytes.put(states[lane], at: place)
            place += 4
        }
        precondition(place + 2 * (output.count - next) <= bytes.count)
        for i in next..<output.count {
            bytes[unchecked: place] = UInt8(truncatingIfNeeded: output[unchecked: i])
            bytes[unchecked: place &+ 1] = UInt8(truncatingIfNeeded: output[unchecked: i] >> 8)
            place &+= 2
        }
        return place
    }

    /// Decodes plane by plane. O(symbols).
    /// - Throws: `CodecError` when a table or a state cannot be, or the bytes end before the symbols or go on behind them.
    public func decode(
        _ bytes: Span<UInt8>, planes: Int, alphabet: Int, tensors: [CodecTensor],
        into symbols: inout MutableSpan<UInt8>
    ) throws(CodecError) {
        try PackedSymbols.decodePlanes(bytes, planes: planes, alphabet: alphabet, into: &symbols) {
            (start, plane) throws(CodecError) in
            let precision = Int(bytes[start])
            guard SymbolFrequencies.precisions.contains(precision) else {
                throw CodecError("has frequencies of precision \(precision)")
            }
            let (table, first) = try SymbolFrequencies.read(
                bytes, at: start + 1, precision: precision, alphabet: alphabet)
            return try Self.decode(bytes, at: first, by: table, into: &plane)
        }
    }

    /// Decodes a plane.
    /// - Parameters:
    ///   - bytes: the whole packing, which is not trusted.
    ///   - start: index of the first state.
    ///   - table: frequencies whose sum is 2^precision.
    ///   - symbols: the plane; all are written where nothing is thrown.
    /// - Returns: index of the byte behind it.
    /// - Throws: `CodecError` when the bytes end before the symbols, or a state is not at the end what the coder began
    ///   with.
    private static func decode(
        _ bytes: Span<UInt8>, at start: Int, by table: SymbolFrequencies, into symbols: inout MutableSpan<UInt8>
    ) throws(CodecError) -> Int {
        let lanes = lanes(symbols.count)
        var place = start + 4 * lanes
        guard place <= bytes.count else { throw CodecError("ends before its symbols") }
        let before = table.starts
        let (frequencies, starts) = (table.frequencies.span, before.span)
        var memory = [UInt8](repeating: 0, count: 1 << table.precision)
        var slots = memory.mutableSpan
        for symbol in frequencies.indices {
            for slot in starts[symbol]..<starts[symbol] + frequencies[symbol] { slots[Int(slot)] = UInt8(symbol) }
        }
        let (precision, mask) = (UInt32(table.precision), UInt32(1) << UInt32(table.precision) - 1)
        var four = [UInt32](repeating: lowest, count: 4)
        var states = four.mutableSpan
        for lane in 0..<lanes { states[lane] = bytes.word(at: start + 4 * lane) }
        for i in 0..<symbols.count {
            var state = states[unchecked: i & (lanes &- 1)]
            // The table has 2^precision slots, each of a symbol of the alphabet.
            let slot = state & mask
            let symbol = slots[unchecked: Int(slot)]
            symbols[unchecked: i] = symbol
            state =
                frequencies[unchecked: Int(symbol)] &* (state &>> precision) &+ slot
                &- starts[unchecked: Int(symbol)]
            if state < lowest {
                guard place + 1 < bytes.count else { throw CodecError("ends within its symbols") }
                state = state << 16 | UInt32(bytes[unchecked: place]) | UInt32(bytes[unchecked: place + 1]) << 8
                place += 2
            }
            states[unchecked: i & (lanes &- 1)] = state
        }
        guard four.allSatisfy({ $0 == lowest }) else { throw CodecError("has symbols that end in a wrong state") }
        return place
    }
}
