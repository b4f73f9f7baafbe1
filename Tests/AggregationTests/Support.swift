import Aggregation
import FedCore
import Testing

extension UpdateMatrix {
    /// Clients 0, 1, … with these updates, of weight 1 unless given.
    init(_ rows: [[Float]], weights: [Double]? = nil) throws {
        self.init(dimension: rows.first?.count ?? 0)
        for (client, row) in rows.enumerated() {
            try append(client: client, weight: weights?[client] ?? 1, row.span)
        }
    }

    mutating func append(client: Int, weight: Double, _ row: [Float]) throws(ExactSum.Refusal) {
        try append(client: client, weight: weight, row.span)
    }

    /// One coordinate, a client each.
    init(column: [Float], weights: [Double]? = nil) throws {
        try self.init(column.map { [$0] }, weights: weights)
    }
}

extension RobustAggregation {
    mutating func aggregated(_ updates: UpdateMatrix, trusted: [Float] = []) throws -> [Float] {
        var result = [Float](repeating: .nan, count: updates.dimension)
        var span = result.mutableSpan
        try aggregate(updates, trusted: trusted.span, into: &span)
        return result
    }
}

/// What a rule of the catalog makes of the updates.
func aggregated(
    _ name: String, _ options: NamedOptions, _ updates: UpdateMatrix, trusted: [Float] = []
) throws -> [Float] {
    var rule = try Aggregations.standard.named(name, options)
    return try rule.aggregated(updates, trusted: trusted)
}

/// Uniform in −1 ..< 1.
func randomRows(_ count: Int, of dimension: Int, salt: Int = 0) -> [[Float]] {
    var random = RandomStream(seed: 5, .synthesis, salt: salt)
    return (0..<count).map { _ in (0..<dimension).map { _ in 2 * random.uniform() - 1 } }
}

/// What a rule makes of the updates with its default options.
func aggregated(_ name: String, _ updates: UpdateMatrix, trusted: [Float] = []) throws -> [Float] {
    try aggregated(name, [:], updates, trusted: trusted)
}

/// As Doubles.
func length(_ vector: [Float]) -> Double {
    vector.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
}

/// Whether all elements are.
func isClose(_ a: [Float], _ b: [Float], within tolerance: Float) -> Bool {
    a.count == b.count && zip(a, b).allSatisfy { abs($0 - $1) <= tolerance }
}
