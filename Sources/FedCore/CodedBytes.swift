/// The bytes of encoded updates by what they say, beside the least that their symbols could take: where a codec spends
/// what it sends. Whole numbers, so that sums are the same in any order.
public struct CodedBytes: Sendable, Equatable {
    /// Bytes that say which numbers cross.
    public var places = 0
    /// Bytes beside the symbols: scales, norms, codebooks, and whether an update is finite.
    public var scales = 0
    /// Bytes of the packed symbols.
    public var symbols = 0
    /// Bytes that the symbols would take at their entropy of order 0, each plane by itself, rounded up for each update.
    public var entropy = 0

    /// No bytes.
    public init() {}

    /// Describes an encoding.
    public init(places: Int = 0, scales: Int = 0, symbols: Int, entropy: Int) {
        self.places = places
        self.scales = scales
        self.symbols = symbols
        self.entropy = entropy
    }

    /// All bytes of the encoding.
    public var total: Int { places + scales + symbols }

    /// Adds another encoding's.
    public static func += (sum: inout CodedBytes, other: CodedBytes) {
        sum.places += other.places
        sum.scales += other.scales
        sum.symbols += other.symbols
        sum.entropy += other.entropy
    }

    /// Two encodings together.
    public static func + (one: CodedBytes, other: CodedBytes) -> CodedBytes {
        var sum = one
        sum += other
        return sum
    }

    /// How often each symbol occurs, `[256]`. O(symbols).
    public static func counts(of symbols: Span<UInt8>) -> [Int] {
        // In four histograms, so that equal neighbours do not wait for one another.
        var memory = [UInt32](repeating: 0, count: 4 * 256)
        var counts = memory.mutableSpan
        for i in 0..<symbols.count { counts[unchecked: (i & 3) << 8 | Int(symbols[unchecked: i])] &+= 1 }
        return (0..<256).map { symbol in (0..<4).reduce(0) { $0 + Int(memory[$1 << 8 | symbol]) } }
    }

    /// The bytes that symbols take at their entropy of order 0.
    ///
    /// C. E. Shannon, *A Mathematical Theory of Communication*, Bell System Technical Journal 27, 1948: − Σ p log₂ p bits
    /// each.
    ///
    /// - Parameters:
    ///   - symbols: plane by plane.
    ///   - planes: number of planes, equally long, each with frequencies of its own.
    /// - Complexity: O(symbols).
    public static func entropy(of symbols: Span<UInt8>, planes: Int = 1) -> Int {
        let count = symbols.count / planes
        var bits = 0.0
        for plane in 0..<planes {
            for number in counts(of: symbols.extracting(plane * count..<(plane + 1) * count)) where number > 0 {
                bits -= Double(number) * PortableMath.log(Double(number) / Double(count)) / 0.6931471805599453
            }
        }
        // A hair less, so that what is a whole number but for rounding is not one more.
        return Int((bits / 8 - 1e-6).rounded(.up))
    }
}

extension Metric {
    /// Bytes of a round's encoded updates that say which numbers cross.
    public static let codedPlaces = Metric(
        "coded_place_bytes", title: "bytes of places", unit: "bytes", decimals: 0, better: .lower, whole: .sum,
        group: "bytes", isInTable: false)
    /// Bytes of scales, norms and codebooks.
    public static let codedScales = Metric(
        "coded_scale_bytes", title: "bytes of scales", unit: "bytes", decimals: 0, better: .lower, whole: .sum,
        group: "bytes", isInTable: false)
    /// Bytes of packed symbols.
    public static let codedSymbols = Metric(
        "coded_symbol_bytes", title: "bytes of symbols", unit: "bytes", decimals: 0, better: .lower, whole: .sum,
        group: "bytes", isInTable: false)
    /// Bytes that the symbols would take at their entropy of order 0.
    public static let codedEntropy = Metric(
        "coded_symbol_entropy_bytes", title: "entropy of symbols", unit: "bytes", decimals: 0, better: .lower,
        whole: .sum,
        group: "bytes", isInTable: false)
}
