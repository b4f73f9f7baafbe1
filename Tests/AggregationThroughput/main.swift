// aggregation-throughput [UPDATES] [PARAMETERS] [RULE…]
//
// Time of each aggregation rule at rank 0 on random updates, beside copying the same bytes with memcpy: best of three, on
// the wall and on the processor. Rates are the processor's, which other processes disturb less.
import Aggregation
import FedCore
import Glibc

func measure() throws {
    let arguments = CommandLine.arguments.dropFirst()
    let numbers = arguments.compactMap(Int.init)
    let chosen = arguments.filter { Int($0) == nil }
    let count = numbers.first ?? 100
    let dimension = numbers.dropFirst().first ?? 1_199_882
    let attackers = max(0, (count - 3) / 4)
    let bytes = Double(count * dimension * 4)

    var random = RandomStream(seed: 1, .synthesis)
    var updates = UpdateMatrix(dimension: dimension)
    for client in 0..<count {
        try updates.append(client: client, weight: Double(client + 1)) { row in
            for i in row.indices { row[unchecked: i] = 0.02 * (random.uniform() - 0.5) }
        }
    }
    var mean = [Float](repeating: 0, count: dimension)
    let trusted = (0..<dimension).map { _ in random.uniform() }
    print("\(count) updates of \(dimension) parameters, \(attackers) attackers where a rule asks")

    func report(_ name: String, against copy: Double? = nil, _ body: () throws -> Void) rethrows -> Double {
        var (wall, processor) = (Double.infinity, Double.infinity)
        for _ in 0..<3 {
            let start = clock()
            wall = min(wall, try ContinuousClock().measure(body) / .seconds(1))
            processor = min(processor, Double(clock() - start) / Double(CLOCKS_PER_SEC))
        }
        func text(_ number: Double, _ digits: Double) -> String { "\((number * digits).rounded() / digits)" }
        let share = copy.map { ", \(text($0 / processor * 100, 1)) % of memcpy" } ?? ""
        print(
            "\(name): \(text(wall, 1000)) s, processor \(text(processor, 1000)) s,",
            "\(text(bytes / processor / 1e9, 100)) GB/s of updates\(share)")
        return processor
    }

    var source = [Float](repeating: 1, count: count * dimension)
    var target = [Float](repeating: 0, count: count * dimension)
    let copy = report("memcpy") {
        source.withUnsafeBytes { from in
            target.withUnsafeMutableBytes { to in
                if let to = to.baseAddress, let from = from.baseAddress { memcpy(to, from, Int(bytes)) }
            }
        }
    }
    source = []
    target = []

    var sum = ExactSum(count: dimension, totalWeight: Double(count * (count + 1) / 2))
    _ = try report("exact sum", against: copy) {
        sum.reset()
        for index in 0..<count { try sum.add(updates.row(index).span, weight: Double(index + 1)) }
        var span = mean.mutableSpan
        sum.mean(into: &span)
    }
    var filled = UpdateMatrix(dimension: dimension)
    _ = try report("filling the matrix", against: copy) {
        filled.reset()
        for client in (0..<count).reversed() {
            let update = updates.row(client)
            try filled.append(client: client, weight: Double(client + 1), update.span)
        }
    }
    filled = UpdateMatrix(dimension: 0)
    for type in Aggregations.all where chosen.isEmpty || chosen.contains(type.name) {
        let options: NamedOptions =
            ["trimmed-mean", "krum", "multi-krum", "bulyan"].contains(type.name) ? ["attackers": "\(attackers)"] : [:]
        var rule = try Aggregations.standard.named(type.name, options)
        _ = try report(rule.settings.isEmpty ? type.name : "\(type.name) \(rule.settings)", against: copy) {
            var span = mean.mutableSpan
            try rule.aggregate(updates, trusted: trusted.span, into: &span)
        }
    }
}

try measure()
