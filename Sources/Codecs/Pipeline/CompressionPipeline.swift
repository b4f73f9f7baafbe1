public import FedCore

/// A codec of up to three stages: which numbers cross, how these are written as symbols, and how the symbols are packed.
///
/// ```
/// 0  1 when the update is not finite, else 0 (UInt8)          not with stages that keep every bit
/// …  the places (``GolombPlaces``)                            with a choosing stage whose places cross
/// …  scales and the like
/// …  packed symbols, to the end
/// ```
///
/// An update with a number that is NaN, infinite or of 2⁹⁶ or more crosses as the first byte alone, behind which zeros
/// follow where all encodings are equally long, and arrives as NaN: the server leaves it out.
public struct CompressionPipeline: UpdateCodec {
    /// The pipeline as `--compress` reads it.
    public let description: String
    /// 4, whatever the stages: a run's settings say which they are.
    public let code: UInt32 = 4
    /// Which numbers cross; nil sends all.
    private let choosing: (any ChoosingStage)?
    /// How numbers become symbols.
    private let values: any ValueStage
    /// How symbols become bytes.
    private let entropy: any EntropyStage
    /// Whether no stage chooses or writes values.
    public let isLossless: Bool

    /// Composes stages.
    /// - Parameters:
    ///   - description: the pipeline as it was written.
    ///   - choosing: which numbers cross; nil for all.
    ///   - values: how they are written; nil as single precision.
    ///   - entropy: how the symbols are packed; nil in as many bits as they need.
    /// - Throws: `ConfigurationError` when the value stage needs a choosing stage, and there is none.
    public init(
        _ description: String, choosing: (any ChoosingStage)? = nil, values: (any ValueStage)? = nil,
        entropy: (any EntropyStage)? = nil
    ) throws(ConfigurationError) {
        self.description = description
        self.choosing = choosing
        self.values = values ?? SingleValues()
        self.entropy = entropy ?? PackedSymbols()
        isLossless = choosing == nil && values == nil
        if self.values.needsChoosing, choosing == nil {
            let name = type(of: self.values).name
            throw ConfigurationError(
                "'\(description)': \(name) keeps the sign of numbers that were chosen, and no stage before it chooses; "
                    + "write e.g. 'topk 1% | \(name)'")
        }
    }

    /// Whether the choosing or the value stage is.
    public var isBiased: Bool { choosing?.isBiased ?? false || values.isBiased }

    /// Those of the choosing stage, if both sides draw them.
    public var hasSharedPlaces: Bool { choosing?.isShared ?? false }

    /// Draws the places again, as the choosing stage has at each client.
    /// - Precondition: ``hasSharedPlaces``.
    public func sharedPlaces(count: Int, in context: CodecContext) -> [UInt32] {
        guard let choosing, choosing.isShared else { preconditionFailure("\(description) has no shared places") }
        let none: [Float] = []
        return choosing.places(in: none.span, count: count, context)
    }

    /// With a choosing stage it depends on the places of which tensors something is beside the symbols.
    public var isFixedLength: Bool {
        entropy.isFixedLength && (choosing.map { $0.isShared && $0.hasFixedCount && !values.isByTensor } ?? true)
    }

    /// The most places, all their tensors, and the longest packing of their symbols.
    public func capacity(count: Int, tensors: [CodecTensor]) -> Int {
        let most = choosing?.mostPlaces(of: count, tensors: tensors.count) ?? count
        var bytes = isLossless ? 0 : 1
        if let choosing, !choosing.isShared { bytes += GolombPlaces.capacity(places: most, of: count) }
        // Tensors of which nothing is chosen need no scale; which these are depends on the places.
        bytes += values.sideBytes(count: most, tensors: min(tensors.count, most))
        return bytes
            + entropy.capacity(count: values.symbolCount(of: most), planes: values.planes, alphabet: values.alphabet)
    }

    /// Chooses, writes and packs. O(count); the places, and what crosses as numbers and as symbols, are in memory that is
    /// used again (``Scratch``).
    /// - Returns: bytes written: the capacity where all encodings are equally long.
    public func encode(
        _ numbers: Span<Float>, into bytes: inout MutableSpan<UInt8>, in context: CodecContext
    ) -> Int {
        guard isLossless || numbers.areEncodable else {
            let length = isFixedLength ? capacity(count: numbers.count, tensors: context.tensors) : 1
            for i in 0..<length { bytes[i] = 0 }
            bytes[0] = 1
            return length
        }
        var end = 0
        if !isLossless {
            bytes[0] = 0
            end = 1
        }
        guard let choosing else { return write(numbers, into: &bytes, at: end, in: context) }
        let places = choosing.places(in: numbers, count: numbers.count, context)
        defer { Scratch.places.give(places) }
        if !choosing.isShared { end = GolombPlaces.write(places.span, of: numbers.count, into: &bytes, at: end) }
        var chosen = Scratch.numbers.take(places.count)
        defer { Scratch.numbers.give(chosen) }
        var all = chosen.mutableSpan
        var span = all.part(0..<places.count)
        let placeSpan = places.span
        for i in 0..<span.count { span[unchecked: i] = numbers[Int(placeSpan[unchecked: i])] }
        var inner = context
        inner.tensors = Self.tensors(context.tensors, of: places.span)
        return write(span.span, into: &bytes, at: end, in: inner)
    }

    /// Writes the numbers that cross.
    /// - Returns: index of the byte behind them.
    private func write(
        _ numbers: Span<Float>, into bytes: inout MutableSpan<UInt8>, at start: Int, in context: CodecContext
    ) -> Int {
        let symbolCount = values.planes * values.symbolCount(of: numbers.count)
        var symbols = Scratch.symbols.take(symbolCount)
        defer { Scratch.symbols.give(symbols) }
        var all = symbols.mutableSpan
        var symbolSpan = all.part(0..<symbolCount)
        for i in 0..<symbolCount { symbolSpan[unchecked: i] = 0 }
        let sideBytes = values.sideBytes(count: numbers.count, tensors: context.tensors.count)
        var side = bytes.part(start..<start + sideBytes)
        for i in 0..<sideBytes { side[i] = 0 }
        values.encode(numbers, into: &symbolSpan, side: &side, in: context)
        var rest = bytes.part((start + sideBytes)...)
        let length = entropy.encode(
            symbolSpan.span, planes: values.planes, alphabet: values.alphabet, tensors: context.tensors, into: &rest)
        return start + sideBytes + length
    }

    /// Reads the places, the symbols and of these the numbers. O(count), the entropy of the symbols included.
    /// - Throws: `CodecError` when the bytes are no encoding of so many numbers; then nothing is written.
    public func decode(
        _ bytes: Span<UInt8>, into numbers: inout MutableSpan<Float>, in context: CodecContext
    ) throws(CodecError) -> CodedBytes {
        var end = 0
        if !isLossless {
            guard bytes.count > 0, bytes[0] <= 1 else { throw CodecError("does not begin as an encoding does") }
            guard bytes[0] == 0 else { return try decodeNotFinite(bytes, into: &numbers, context) }
            end = 1
        }
        guard let choosing else { return try read(bytes, at: end, into: &numbers, in: context) }
        let count = numbers.count
        let places = try places(bytes, at: &end, of: count, by: choosing, context)
        var inner = context
        inner.tensors = Self.tensors(context.tensors, of: places.span)
        var first = numbers.part(0..<places.count)
        var coded = try read(bytes, at: end, into: &first, in: inner)
        coded.places = end - 1
        Self.spread(places.span, &numbers, factor: choosing.factor(chosen: places.count, of: count))
        return coded
    }

    /// Moves the first numbers to their places, from the last on, so that none is overwritten before it has been moved:
    /// the `i`-th place is `i` at least. The others become zeros.
    private static func spread(_ places: Span<UInt32>, _ numbers: inout MutableSpan<Float>, factor: Float) {
        for i in places.count..<numbers.count { numbers[unchecked: i] = 0 }
        for i in stride(from: places.count - 1, through: 0, by: -1) {
            let value = numbers[unchecked: i]
            numbers[unchecked: i] = 0
            numbers[Int(places[unchecked: i])] = value * factor
        }
    }

    /// The places of the numbers that have crossed: shared ones are chosen again, others are read.
    /// - Parameters:
    ///   - bytes: the whole encoding.
    ///   - place: where the places begin; moved behind them.
    ///   - count: number of all numbers.
    private func places(
        _ bytes: Span<UInt8>, at place: inout Int, of count: Int, by choosing: any ChoosingStage,
        _ context: CodecContext
    ) throws(CodecError) -> [UInt32] {
        let none: [Float] = []
        if choosing.isShared { return choosing.places(in: none.span, count: count, context) }
        let most = choosing.mostPlaces(of: count, tensors: context.tensors.count)
        let (places, end) = try GolombPlaces.read(bytes, at: place, of: count, atMost: most)
        place = end
        return places
    }

    /// Writes NaN for an update that was not finite.
    private func decodeNotFinite(
        _ bytes: Span<UInt8>, into numbers: inout MutableSpan<Float>, _ context: CodecContext
    ) throws(CodecError) -> CodedBytes {
        let length = isFixedLength ? capacity(count: numbers.count, tensors: context.tensors) : 1
        guard bytes.count == length else {
            throw CodecError("has \(bytes.count) bytes, and says that it is not finite")
        }
        for i in 0..<numbers.count { numbers[unchecked: i] = .nan }
        return CodedBytes(scales: bytes.count, symbols: 0, entropy: 0)
    }

    /// Reads the numbers that have crossed, to the end of the bytes.
    /// - Returns: what the bytes were spent on, but for the places.
    private func read(
        _ bytes: Span<UInt8>, at start: Int, into numbers: inout MutableSpan<Float>, in context: CodecContext
    ) throws(CodecError) -> CodedBytes {
        let sideBytes = values.sideBytes(count: numbers.count, tensors: context.tensors.count)
        guard bytes.count >= start + sideBytes else { throw CodecError("ends before its symbols") }
        let symbolCount = values.planes * values.symbolCount(of: numbers.count)
        var symbols = Scratch.symbols.take(symbolCount)
        defer { Scratch.symbols.give(symbols) }
        var all = symbols.mutableSpan
        var span = all.part(0..<symbolCount)
        try entropy.decode(
            bytes.extracting((start + sideBytes)...), planes: values.planes, alphabet: values.alphabet,
            tensors: context.tensors, into: &span)
        guard values.alphabet == 256 || span.span.largest < values.alphabet else {
            throw CodecError("has a symbol that is not one of \(values.alphabet)")
        }
        values.decode(
            span.span, side: bytes.extracting(start..<start + sideBytes), into: &numbers, in: context)
        return CodedBytes(
            scales: (isLossless ? 0 : 1) + sideBytes, symbols: bytes.count - start - sideBytes,
            entropy: CodedBytes.entropy(of: span.span, planes: values.planes))
    }

    /// The tensors among chosen numbers, which are vectors; those of which nothing is chosen are left out.
    /// - Parameters:
    ///   - tensors: ascending.
    ///   - places: ascending.
    private static func tensors(_ tensors: [CodecTensor], of places: Span<UInt32>) -> [CodecTensor] {
        var chosen: [CodecTensor] = []
        var start = 0
        for tensor in tensors {
            // The first place behind the tensor, by bisection.
            var (low, high) = (start, places.count)
            while low < high {
                let middle = (low + high) / 2
                if Int(places[middle]) < tensor.range.upperBound { low = middle + 1 } else { high = middle }
            }
            if low > start { chosen.append(CodecTensor(start..<low)) }
            start = low
        }
        return chosen
    }
}

extension Span where Element == Float {
    /// Whether all are finite and below 2⁹⁶ in magnitude, so that sums of their squares are Doubles.
    var areEncodable: Bool {
        // The bits of magnitudes are ordered as the magnitudes are; eight lanes, which the compiler makes vectors of.
        var most = SIMD8<Int32>()
        var i = 0
        while i &+ 8 <= count {
            var lanes = SIMD8<Int32>()
            for lane in 0..<8 {
                lanes[lane] = Int32(truncatingIfNeeded: self[unchecked: i &+ lane].bitPattern & 0x7fff_ffff)
            }
            most.replace(with: lanes, where: lanes .> most)
            i &+= 8
        }
        var largest = most.max()
        while i < count {
            largest = Swift.max(largest, Int32(truncatingIfNeeded: self[unchecked: i].bitPattern & 0x7fff_ffff))
            i &+= 1
        }
        return largest < Int32(Float(0x1p96).bitPattern)
    }
}

extension Span where Element == UInt8 {
    /// The largest byte; 0 of none.
    fileprivate var largest: Int {
        var largest: UInt8 = 0
        for i in 0..<count { largest = Swift.max(largest, self[unchecked: i]) }
        return Int(largest)
    }
}
