import FedCore
import Selection
import Testing

/// The rules that look at batteries.
struct BatteryRuleTests {
    private let federation = FederationView(samples: [Int](repeating: 10, count: 40), seed: 3, hasBatteries: true)

    @Test func `battery-first draws from the fuller half, all of it in the long run`() throws {
        let rule = try Selections.standard.named("battery-first")
        let able = (0..<40).filter { $0 % 2 == 0 }
        let view = federation.among(
            able, charge: (0..<40).map { Double($0) / 40 }, joules: [Double](repeating: 1, count: 40))
        var seen: Set<Int> = []
        for round in 1...200 { seen.formUnion(rule.cohort(size: 3, round: round, attempt: 0, federation: view)) }
        #expect(seen == Set(able.filter { $0 >= 20 }))
    }

    @Test func `energy-aware asks devices with charge to spare, cheap ones more often`() throws {
        let rule = try Selections.standard.named("energy-aware", ["explore": "1", "explore-min": "1"])
        // Clients 0..<10 are low; of the others those with even numbers cost a quarter.
        let view = federation.among(
            Array(0..<40), charge: (0..<40).map { $0 < 10 ? 0.3 : 0.9 }, joules: (0..<40).map { $0 % 2 == 0 ? 5 : 20 })
        var turns = [Int](repeating: 0, count: 40)
        for round in 1...2_000 {
            for client in rule.cohort(size: 1, round: round, attempt: 0, federation: view) { turns[client] += 1 }
        }
        #expect(turns[..<10].allSatisfy { $0 == 0 })
        let cheap = stride(from: 10, to: 40, by: 2).reduce(0) { $0 + turns[$1] }
        // One draw of a cheap one with the probability of 4/5; five deviations are 89.
        #expect(abs(cheap - 1_600) < 90)
    }

    @Test(arguments: ["battery-first", "energy-aware"])
    func `without batteries they are refused`(name: String) throws {
        let rule = try Selections.standard.named(name)
        let mains = FederationView(samples: [1, 2], seed: 1)
        #expect(throws: ConfigurationError.self) { try rule.validate(size: 1, federation: mains) }
        try rule.validate(size: 1, federation: federation)
    }
}
