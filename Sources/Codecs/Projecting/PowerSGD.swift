public import FedCore

/// PowerSGD: each matrix M `[m, n]` of the update crosses as two thin ones, P `[m, r]` with orthonormal columns and
/// Q = Mᵀ P `[n, r]`, of which the server makes P Qᵀ: r (m + n) numbers instead of m n. Convolutions are matrices of one
/// row for each output; vectors, and matrices that would not become fewer numbers, cross as they are.
///
/// T. Vogels, S. P. Karimireddy, M. Jaggi, *PowerSGD: Practical Low-Rank Gradient Compression for Distributed
/// Optimization*, NeurIPS 2019, algorithm 1, arXiv:1905.13727: P = M Q₀, P ← orthogonalise(P), Q = Mᵀ P, with Q₀ normal,
/// here drawn anew for each round and tensor, alike for all clients.
///
/// Two things differ from the paper. There Q₀ is the mean Q of the step before (a warm start); here a client may be asked
/// once in many rounds, so that instead it may iterate by itself (`iterations`), which costs no bytes. And there P is
/// averaged before it is orthogonalised; here each client's update is decoded by itself, which is exact for any number of
/// them and lets robust rules see each.
public struct PowerSGD: ProjectingStage {
    public static let name = "powersgd"
    public static let summary =
        "each matrix as two of so few columns (rank), found by iterations=1 steps of subspace iteration; vectors as they are"
    public static let paper = "Vogels et al., PowerSGD: Practical Low-Rank Gradient Compression, NeurIPS 2019"
    public static let positional = ["rank"]

    /// Columns r of both factors, 1 … 64.
    public let rank: Int
    /// Steps of subspace iteration, 1 … 16: more come closer to the best factors of this rank.
    public let iterations: Int

    /// Reads the arguments.
    /// - Throws: `ConfigurationError` for one that is not accepted.
    public init(_ reader: inout OptionReader) throws(ConfigurationError) {
        rank = try reader.integer("rank", default: 4, "from 1 to 64") { (1...64).contains($0) }
        iterations = try reader.integer("iterations", default: 1, "from 1 to 16") { (1...16).contains($0) }
    }

    /// Whether a tensor crosses as factors.
    private func isFactored(_ tensor: CodecTensor) -> Bool {
        rank * (tensor.rows + tensor.columns) < tensor.range.count
    }

    /// Lists Pᵀ `[r, m]` and Qᵀ `[r, n]` for each matrix, a tensor each, and the others as they are.
    public func tensors(of tensors: [CodecTensor], count: Int) -> [CodecTensor] {
        var projected: [CodecTensor] = []
        var end = 0
        func add(_ count: Int, rows: Int) {
            projected.append(CodecTensor(end..<end + count, rows: rows))
            end += count
        }
        for tensor in tensors {
            if isFactored(tensor) {
                add(rank * tensor.rows, rows: rank)
                add(rank * tensor.columns, rows: rank)
            } else {
                add(tensor.range.count, rows: tensor.rows)
            }
        }
        return projected
    }

    /// Factors each matrix. O(iterations · rank · count); allocates r (m + n) numbers.
    public func project(_ numbers: Span<Float>, into projected: inout MutableSpan<Float>, in context: CodecContext) {
        var end = 0
        for (index, tensor) in context.tensors.enumerated() {
            let matrix = numbers.extracting(tensor.range)
            guard isFactored(tensor) else {
                Self.append(matrix, to: &projected, at: &end)
                continue
            }
            var left = [Float](repeating: 0, count: rank * tensor.rows)
            var right = [Float](repeating: 0, count: rank * tensor.columns)
            var random = context.sharedStream(tensor: 1 + index)
            for i in right.indices { right[i] = Float(PortableMath.normal(&random)) }
            var leftSpan = left.mutableSpan
            var rightSpan = right.mutableSpan
            for iteration in 0..<iterations {
                // Otherwise powers of the largest singular value would swallow the others.
                if iteration > 0 { LowRank.orthonormalise(&rightSpan, rank: rank) }
                LowRank.multiply(matrix, by: rightSpan.span, into: &leftSpan, rank: rank)
                LowRank.orthonormalise(&leftSpan, rank: rank)
                LowRank.multiplyTransposed(matrix, by: leftSpan.span, into: &rightSpan, rank: rank)
            }
            Self.append(leftSpan.span, to: &projected, at: &end)
            Self.append(rightSpan.span, to: &projected, at: &end)
        }
    }

    /// Copies numbers to the place where they begin, and moves it behind them.
    private static func append(_ numbers: Span<Float>, to all: inout MutableSpan<Float>, at place: inout Int) {
        for i in 0..<numbers.count { all[place + i] = numbers[unchecked: i] }
        place += numbers.count
    }

    /// Multiplies the factors. O(rank · count).
    public func restore(_ projected: Span<Float>, into numbers: inout MutableSpan<Float>, in context: CodecContext) {
        var end = 0
        for tensor in context.tensors {
            guard isFactored(tensor) else {
                for i in tensor.range { numbers[i] = projected[end + i - tensor.range.lowerBound] }
                end += tensor.range.count
                continue
            }
            let middle = end + rank * tensor.rows
            let last = middle + rank * tensor.columns
            var product = numbers.part(tensor.range)
            LowRank.multiply(
                projected.extracting(end..<middle), projected.extracting(middle..<last), into: &product, rank: rank)
            end = last
        }
    }
}
