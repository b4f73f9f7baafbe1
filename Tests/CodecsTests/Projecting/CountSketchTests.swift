import FedCore
import Testing

@testable import Codecs

@Suite struct CountSketchTests {
    static func sketch(rows: Int, columns: Int, round: Int = 1) -> CountSketch {
        var random = RandomStream(seed: 9, .sharedCompression, round: round)
        return CountSketch(rows: rows, columns: columns, &random)
    }

    static func table(_ numbers: [Float], rows: Int, columns: Int, round: Int = 1) -> [Float] {
        var table = [Float](repeating: 0, count: rows * columns)
        var span = table.mutableSpan
        sketch(rows: rows, columns: columns, round: round).add(numbers.span, to: &span)
        return table
    }

    static func estimates(_ numbers: [Float], rows: Int, columns: Int, round: Int = 1) -> [Float] {
        let table = table(numbers, rows: rows, columns: columns, round: round)
        var estimates = [Float](repeating: 0, count: numbers.count)
        var span = estimates.mutableSpan
        sketch(rows: rows, columns: columns, round: round).estimate(table.span, into: &span)
        return estimates
    }

    static func normal(_ count: Int) -> [Float] {
        var random = RandomStream(seed: 3, .initialization)
        return (0..<count).map { _ in Float(random.normal()) }
    }

    /// Whole numbers add up exactly, in any order.
    @Test func `The sketch of a sum is the sum of the sketches`() {
        var random = RandomStream(seed: 3, .initialization)
        let one = (0..<500).map { _ in Float(random.integer(below: 2001) - 1000) }
        let other = (0..<500).map { _ in Float(random.integer(below: 2001) - 1000) }
        let tables = [one, other, zip(one, other).map { $0 + $1 }].map { Self.table($0, rows: 5, columns: 40) }
        #expect(zip(tables[0], tables[1]).map { $0 + $1 } == tables[2])
        #expect(
            Self.table(one.map { -3 * $0 }, rows: 5, columns: 40)
                == Self.table(one, rows: 5, columns: 40).map { -3 * $0 })
    }

    /// Charikar, Chen and Farach-Colton 2002: of one row the estimate is unbiased, with a variance of (‖x‖² − xᵢ²) / columns.
    @Test func `The estimate of a row is unbiased, with the published variance`() {
        let (count, columns, rounds) = (60, 12, 4000)
        let numbers = Self.normal(count)
        let square = numbers.reduce(0.0) { $0 + Double($1) * Double($1) }
        var sums = [Double](repeating: 0, count: count)
        var squares = [Double](repeating: 0, count: count)
        for round in 1...rounds {
            for (i, value) in Self.estimates(numbers, rows: 1, columns: columns, round: round).enumerated() {
                let error = Double(value) - Double(numbers[i])
                sums[i] += error
                squares[i] += error * error
            }
        }
        for i in 0..<count {
            let variance = (square - Double(numbers[i]) * Double(numbers[i])) / Double(columns)
            // 60 means, each within four standard errors.
            #expect(abs(sums[i]) < 4 * (variance * Double(rounds)).squareRoot(), "\(i)")
            #expect(abs(squares[i] / Double(rounds) / variance - 1) < 0.15, "\(i)")
        }
    }

    /// With 3 / ε² columns a row is off by more than ε ‖x‖ with probability 1/3 at most (Chebyshev), so the median of r
    /// rows with that of at least (r + 1) / 2 failures of r: 0.210 for five, 0.088 for fifteen.
    @Test(arguments: [(1, 1.0 / 3), (5, 0.2099), (15, 0.0883)]) func `The median is within the published bound`(
        rows: Int, probability: Double
    ) {
        let numbers = Self.normal(2000)
        let columns = 300
        let norm = numbers.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
        let bound = (3 / Double(columns)).squareRoot() * norm
        let estimates = Self.estimates(numbers, rows: rows, columns: columns)
        let failures = zip(numbers, estimates).count { abs(Double($0) - Double($1)) > bound }
        #expect(Double(failures) <= probability * 2000, "\(failures)")
    }

    @Test func `More rows fail less`() {
        let numbers = Self.normal(2000)
        let errors = [1, 3, 5, 9, 15].map { rows in
            zip(numbers, Self.estimates(numbers, rows: rows, columns: 300)).map { Double(($0 - $1).magnitude) }.max()
                ?? 0
        }
        #expect(errors == errors.sorted(by: >), "\(errors)")
    }

    /// Five numbers that stand out of 4,000 zeros, and 5 × 400 columns: no two share a column in three rows.
    @Test func `What stands out comes back, with its sign, and nothing else`() throws {
        var numbers = [Float](repeating: 0, count: 4000)
        for (i, place) in [3, 777, 1024, 2500, 3999].enumerated() {
            numbers[place] = Float(i + 1) * (i % 2 == 0 ? 1 : -1)
        }
        let codec = try UpdateCodecs.standard.codec("sketch 10% k=5")
        let context = CodecContext(tensors: [CodecTensor(0..<4000)], seed: 1, round: 4, client: 0)
        let bytes = UpdateCodecContractTests.encoded(numbers, by: codec, context)
        #expect(bytes.count == 4 * 5 * 400 && codec.isFixedLength)
        #expect(try UpdateCodecContractTests.decoded(bytes, count: 4000, by: codec, context) == numbers)
    }

    @Test(arguments: [
        ("sketch", "columns"), ("sketch 0%", "percentage"), ("sketch 1% rows=4", "odd, from 1 to 15"),
        ("sketch 1% k=x", "percentage"),
    ]) func `A bad argument is refused with what it must be`(text: String, says: String) {
        let error = #expect(throws: ConfigurationError.self) { try UpdateCodecs.standard.codec(text) }
        #expect(error?.description.contains(says) == true && error?.description.contains("\n") == false)
    }
}
