import FedCore

/// What ``ContextSymbols`` expects of the symbols of matrices: how often a symbol is another than the most frequent one,
/// which side of it, and how far. The first is what most bits are spent on: a gradient's large numbers lie where a
/// row and a column both have many, because it is a sum of products of the two.
struct ContextModel {
    /// The symbol that the others are told by.
    private let center: Int
    /// Whether a symbol is another, in the tensor so far; the next tensor begins with its value.
    private var inTensor: LearntProbability
    /// The same by five neighbours that are known, a bit each: the three before it in the row, the lowest bit the
    /// nearest, the one above it, and the one to the right of that.
    private var byNeighbours: [LearntProbability]
    /// The same in the row so far; each row begins with what the tensor says.
    private var inRow: LearntProbability
    /// The same in each column of the tensor.
    private var inColumn: [LearntProbability] = []
    /// Makes one probability of these four: row, column, neighbours and tensor.
    private var mixer = ProbabilityMixer(SIMD4(45_875, 45_875, 6_554, -32_768))
    /// Whether it lies below, by the side of the last other symbol in the row and in the column.
    private var below = [LearntProbability](repeating: LearntProbability(32_768), count: 9)
    /// Whether the distance has more binary digits than so many, by that number.
    private var length = [LearntProbability](repeating: LearntProbability(20_000), count: 9)
    /// The digits of the distance behind the first, by those before them.
    private var digits = [LearntProbability](repeating: LearntProbability(32_768), count: 256)
    /// Whether the last symbol of each column was another, 0 or 1, and a 0 behind the last column.
    private var isOther: [UInt8] = []
    /// The side of the last other symbol of each column: 0 of none, 1 greater than the most frequent one, 2 smaller.
    private var sides: [UInt8] = []

    /// Begins.
    /// - Parameters:
    ///   - center: the most frequent symbol.
    ///   - others: how often a symbol is another, in parts of 2¹⁶.
    init(center: Int, others: Int) {
        self.center = center
        inTensor = LearntProbability(others)
        inRow = inTensor
        byNeighbours = [LearntProbability](repeating: LearntProbability(others), count: 32)
    }

    /// Codes a tensor's symbols, row by row.
    /// - Parameters:
    ///   - tensor: where they lie.
    ///   - symbols: the symbols of all tensors; a decoder writes them, an encoder reads them.
    ///   - largest: the last symbol of the alphabet; what would be beyond it becomes it.
    ///   - coder: the encoder or decoder.
    ///   - isFull: called after each row; true ends the work.
    mutating func code<Coder: BinaryCoder>(
        _ tensor: CodecTensor, of symbols: inout MutableSpan<UInt8>, largest: Int, by coder: inout Coder,
        until isFull: (Coder) -> Bool
    ) {
        let columns = tensor.columns
        inTensor = LearntProbability(inTensor.value)
        inColumn = [LearntProbability](repeating: inTensor, count: columns)
        // One more, as a neighbour of the last.
        isOther = [UInt8](repeating: 0, count: columns + 1)
        sides = [UInt8](repeating: 0, count: columns)
        var place = tensor.range.lowerBound
        for _ in 0..<tensor.rows {
            inRow = LearntProbability(inTensor.value, weight: 8)
            var (before, side) = (0, 0)
            for column in 0..<columns {
                let symbol = code(Int(symbols[place]), column: column, before: &before, side: &side, by: &coder)
                symbols[place] = UInt8(min(max(symbol, 0), largest))
                place &+= 1
            }
            if isFull(coder) { return }
        }
    }

    /// Codes a symbol.
    /// - Parameters:
    ///   - column: its column.
    ///   - before: whether the symbols before it in the row were others, a bit each, the last one lowest.
    ///   - side: the side of the last other symbol of the row.
    @inline(__always)
    private mutating func code<Coder: BinaryCoder>(
        _ symbol: Int, column: Int, before: inout Int, side: inout Int, by coder: inout Coder
    ) -> Int {
        let neighbours = before & 7 | Int(isOther[column]) << 3 | Int(isOther[column &+ 1]) << 4
        mixer.mix(inRow.value, inColumn[column].value, byNeighbours[neighbours].value, inTensor.value)
        let other = coder.code(symbol == center ? 0 : 1, mixer.value)
        mixer.learn(other)
        inRow.learn(other)
        inColumn[column].learn(other)
        byNeighbours[neighbours].learn(other, memory: 500)
        inTensor.learn(other, memory: 1000)
        before = before << 1 | other
        isOther[column] = UInt8(other)
        guard other == 1 else { return center }
        let sideContext = side &* 3 &+ Int(sides[column])
        let isBelow = coder.code(symbol < center ? 1 : 0, max(below[sideContext].value, 1))
        below[sideContext].learn(isBelow)
        side = 1 + isBelow
        sides[column] = UInt8(side)
        let distance = code(distance: max(abs(symbol &- center), 1), by: &coder)
        return isBelow == 1 ? center &- distance : center &+ distance
    }

    /// Codes a distance of 1 … 255: the number of its digits, then those behind the first.
    private mutating func code<Coder: BinaryCoder>(distance: Int, by coder: inout Coder) -> Int {
        let wanted = Int.bitWidth - distance.leadingZeroBitCount
        var count = 1
        while count < 8 {
            let more = coder.code(wanted > count ? 1 : 0, max(length[count].value, 1))
            length[count].learn(more)
            if more == 0 { break }
            count += 1
        }
        var value = 1
        for digit in stride(from: count - 2, through: 0, by: -1) {
            let bit = coder.code(distance >> digit & 1, max(digits[value].value, 1))
            digits[value].learn(bit)
            value = value << 1 | bit
        }
        return value
    }
}
