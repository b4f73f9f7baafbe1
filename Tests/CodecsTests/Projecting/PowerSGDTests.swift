import FedCore
import Testing

@testable import Codecs

@Suite struct PowerSGDTests {
    /// One matrix there and back.
    static func roundTrip(_ matrix: [Float], rows: Int, _ text: String, round: Int = 1) throws -> [Float] {
        let codec = try UpdateCodecs.standard.codec(text)
        let context = context([CodecTensor(0..<matrix.count, rows: rows)], round: round)
        let bytes = UpdateCodecContractTests.encoded(matrix, by: codec, context)
        return try UpdateCodecContractTests.decoded(bytes, count: matrix.count, by: codec, context)
    }

    static func context(_ tensors: [CodecTensor], round: Int = 1, client: Int = 2) -> CodecContext {
        CodecContext(tensors: tensors, seed: 11, round: round, client: client)
    }

    static func squares(_ numbers: [Float]) -> Double { numbers.reduce(0) { $0 + Double($1) * Double($1) } }

    /// The sum of `rank` outer products: a matrix of that rank.
    static func product(rows: Int, columns: Int, rank: Int) -> [Float] {
        var random = RandomStream(seed: 5, .initialization)
        let left = (0..<rows * rank).map { _ in Float(random.normal()) }
        let right = (0..<columns * rank).map { _ in Float(random.normal()) }
        var matrix = [Float](repeating: 0, count: rows * columns)
        for row in 0..<rows {
            for column in 0..<columns {
                for k in 0..<rank { matrix[row * columns + column] += left[row * rank + k] * right[column * rank + k] }
            }
        }
        return matrix
    }

    /// 40 × 60 with singular values 1, 1/2, 1/3 …: on the diagonal.
    static let harmonic: [Float] = {
        var matrix = [Float](repeating: 0, count: 40 * 60)
        for i in 0..<40 { matrix[61 * i] = 1 / Float(i + 1) }
        return matrix
    }()
    /// Σ σ² from the place on.
    static func tail(from place: Int) -> Double {
        squares((place..<40).map { 1 / Float($0 + 1) })
    }

    /// But for rounding, which the condition of a normal 4 × 4 matrix multiplies.
    @Test(arguments: [1, 3, 4]) func `A matrix of no higher rank comes back`(rank: Int) throws {
        let matrix = Self.product(rows: 24, columns: 50, rank: rank)
        let back = try Self.roundTrip(matrix, rows: 24, "powersgd 4")
        let error = Self.squares(zip(matrix, back).map { $0 - $1 })
        #expect(error < 1e-8 * Self.squares(matrix), "\(error)")
    }

    /// Halko, Martinsson and Tropp, SIAM Review 53(2), 2011, theorem 10.5: with k + p columns of a normal matrix the
    /// expected square error of P Pᵀ M is at most 1 + k / (p − 1) times that of the best matrix of rank k.
    @Test func `The error is within the bound of a random range`() throws {
        let rounds = 60
        var mean = 0.0
        for round in 1...rounds {
            let back = try Self.roundTrip(Self.harmonic, rows: 40, "powersgd 6", round: round)
            mean += Self.squares(zip(Self.harmonic, back).map { $0 - $1 }) / Double(rounds)
        }
        // The best k for six columns, 3 + 3: (1 + 3/2) × tail.
        #expect(mean < 2.5 * Self.tail(from: 3) && mean > Self.tail(from: 6), "\(mean)")
    }

    /// Eckart and Young 1936: no matrix of rank r is closer than the sum of the squares of the other singular values.
    @Test func `Iterations come close to the best factors`() throws {
        let best = Self.tail(from: 4)
        let back = try Self.roundTrip(Self.harmonic, rows: 40, "powersgd 4 iterations=16")
        let error = Self.squares(zip(Self.harmonic, back).map { $0 - $1 })
        #expect(error > best * 0.999 && error < best * 1.01, "\(error) for \(best)")
    }

    /// By hand: 64 × 288 as two factors of rank 4 is 4 · (64 + 288) Floats; a bias of 64 crosses whole, and so does
    /// 4 × 5, of which factors would be 36 numbers.
    @Test func `The length is that of the factors`() throws {
        let codec = try UpdateCodecs.standard.codec("powersgd")
        let tensors = [
            CodecTensor(0..<64 * 288, rows: 64), CodecTensor(18_432..<18_496), CodecTensor(18_496..<18_516, rows: 4),
        ]
        #expect(codec.isFixedLength && codec.isBiased)
        #expect(codec.capacity(count: 18_516, tensors: tensors) == 4 * (4 * (64 + 288) + 64 + 20))
        var random = RandomStream(seed: 5, .initialization)
        let numbers = (0..<18_516).map { _ in Float(random.normal()) }
        let context = Self.context(tensors)
        let bytes = UpdateCodecContractTests.encoded(numbers, by: codec, context)
        let back = try UpdateCodecContractTests.decoded(bytes, count: 18_516, by: codec, context)
        #expect(back[18_432...].elementsEqual(numbers[18_432...]))
        #expect(!back[..<18_432].elementsEqual(numbers[..<18_432]))
    }

    @Test func `All clients of a round project on the same range, and the next round on another`() throws {
        let codec = try UpdateCodecs.standard.codec("powersgd 2")
        let tensors = [CodecTensor(0..<Self.harmonic.count, rows: 40)]
        let bytes = [(1, 2), (1, 7), (2, 2)].map { round, client in
            UpdateCodecContractTests.encoded(
                Self.harmonic, by: codec, Self.context(tensors, round: round, client: client))
        }
        #expect(bytes[0] == bytes[1] && bytes[0] != bytes[2])
    }

    /// By hand: (3, 4) has the norm 5; of (1, 0) its direction (0.6, 0.8) takes 0.6, which leaves (0.64, −0.48).
    @Test func `Columns become orthonormal, and what depends on others becomes zeros`() {
        var columns: [Float] = [3, 4, 1, 0, 7, 7]
        var span = columns.mutableSpan
        LowRank.orthonormalise(&span, rank: 3)
        #expect(zip(columns, [0.6, 0.8, 0.8, -0.6]).allSatisfy { ($0 - $1).magnitude < 1e-7 })
        #expect(columns[4...].allSatisfy { $0 == 0 })
    }

    /// By hand: (1 2 3; 4 5 6) times (1, 0, −1) is (−2, −2); its transposed times (1, 2) is (9, 12, 15).
    @Test func `Products are those of matrices`() {
        let matrix: [Float] = [1, 2, 3, 4, 5, 6]
        var (left, right, outer): ([Float], [Float], [Float]) = ([9, 9], [9, 9, 9], [9, 9, 9, 9, 9, 9])
        var leftSpan = left.mutableSpan
        var rightSpan = right.mutableSpan
        var outerSpan = outer.mutableSpan
        let (one, two): ([Float], [Float]) = ([1, 0, -1], [1, 2])
        LowRank.multiply(matrix.span, by: one.span, into: &leftSpan, rank: 1)
        LowRank.multiplyTransposed(matrix.span, by: two.span, into: &rightSpan, rank: 1)
        LowRank.multiply(two.span, one.span, into: &outerSpan, rank: 1)
        #expect(left == [-2, -2] && right == [9, 12, 15] && outer == [1, 0, -1, 2, 0, -2])
    }

    @Test(arguments: [("powersgd 0", "from 1 to 64"), ("powersgd 4 iterations=17", "from 1 to 16")])
    func `A bad argument is refused with what it must be`(text: String, says: String) {
        let error = #expect(throws: ConfigurationError.self) { try UpdateCodecs.standard.codec(text) }
        #expect(error?.description.contains(says) == true && error?.description.contains("\n") == false)
    }
}
