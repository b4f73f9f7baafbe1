import Aggregation
import FedCore
import Testing

/// What holds for every rule in the catalog.
@Suite struct AggregationContractTests {
    static let names = Aggregations.all.map { $0.name }

    @Test func namesAreUniqueAndFitTheCommandLine() {
        #expect(Set(Self.names).count == Self.names.count)
        for rule in Aggregations.all {
            #expect(!rule.name.isEmpty && rule.name.allSatisfy { $0.isLowercase || $0.isNumber || $0 == "-" })
            #expect(!rule.summary.isEmpty && !rule.summary.contains("\n"))
        }
    }

    @Test(arguments: names) func isFoundByItsName(name: String) throws {
        #expect(type(of: try Aggregations.standard.named(name)).name == name)
    }

    @Test func aMisspeltNameIsAnsweredWithTheNearest() {
        #expect(
            throws: ConfigurationError("unknown aggregation 'kram'; did you mean 'krum'?")
        ) {
            try Aggregations.standard.named("kram")
        }
    }

    @Test(arguments: names) func anUnknownOptionIsRefused(name: String) {
        #expect(throws: ConfigurationError.self) { try Aggregations.standard.named(name, ["no-such-option": "1"]) }
    }

    @Test(arguments: names) func itsSettingsMakeItAgain(name: String) throws {
        let settings = try Aggregations.standard.named(name).settings
        #expect(try Aggregations.standard.named(name, NamedOptions(parsing: settings)).settings == settings)
    }

    @Test(arguments: ["trimmed-mean", "krum", "multi-krum", "bulyan"])
    func attackersAreAWholeNumberFromZero(name: String) {
        for bad in ["-1", "1.5", "two", "", "99999999999"] {
            #expect(throws: ConfigurationError.self) { try Aggregations.standard.named(name, ["attackers": bad]) }
        }
    }

    @Test(arguments: [("trimmed-mean", 5), ("krum", 7), ("multi-krum", 7), ("bulyan", 11)])
    func refusesFewerUpdatesThanItsPromiseNeeds(name: String, least: Int) throws {
        let rule = try Aggregations.standard.named(name, ["attackers": "2"])
        try rule.validate(updates: least)
        let refusal = ConfigurationError(
            "aggregation '\(name)' with attackers=2 needs at least \(least) updates a round, and gets \(least - 1)")
        #expect(throws: refusal) { try rule.validate(updates: least - 1) }
    }

    @Test(arguments: names) func theOrderOfArrivalDoesNotChangeABit(name: String) throws {
        let rows = randomRows(15, of: 100)
        let expected = try run(name, rows, arrival: Array(0..<15))
        for trial in 0..<5 {
            var random = RandomStream(seed: 1, .selection, round: trial)
            var order = Array(0..<15)
            random.shuffle(&order)
            #expect(try run(name, rows, arrival: order) == expected)
        }
    }

    @Test(arguments: Aggregations.all.filter { !$0.needsEachUpdate }.map { $0.name })
    func aRuleThatNeedNotSeeUpdatesHasTheBitsOfTheEnginesExactSum(name: String) throws {
        let rows = randomRows(9, of: 5000)
        let weights = (0..<9).map { Double(1 + 31 * $0) }
        var sum = ExactSum(count: 5000, totalWeight: weights.reduce(0, +))
        for index in [3, 8, 0, 1, 7, 2, 6, 5, 4] {
            let row = rows[index]
            try sum.add(row.span, weight: weights[index])
        }
        var expected = [Float](repeating: 0, count: 5000)
        var span = expected.mutableSpan
        sum.mean(into: &span)
        #expect(try aggregated(name, UpdateMatrix(rows, weights: weights)) == expected)
    }

    @Test(arguments: names) func doesNotCareWhoIsWho(name: String) throws {
        let rows = randomRows(15, of: 100)
        let expected = try run(name, rows, arrival: Array(0..<15), weight: { _ in 7 })
        let renamed = try run(name, rows.reversed(), arrival: Array(0..<15), weight: { _ in 7 })
        #expect(isClose(renamed, expected, within: 1e-6))
    }

    @Test(arguments: names) func ofEqualUpdatesIsThatUpdate(name: String) throws {
        // At every place of the vectors and tiles that coordinates are worked on in.
        for dimension in [1, 15, 16, 17, 63, 64, 65, 1023, 1024, 1025, 2048, 2049] {
            let row = (0..<dimension).map { Float($0 % 97 + 1) * 1e-5 }
            let result = try run(name, [[Float]](repeating: row, count: 7), arrival: Array(0..<7), trusted: row)
            #expect(zip(result, row).allSatisfy { abs($0 - $1) <= 1e-6 * $1 })
        }
    }

    @Test(arguments: names) func noParametersAreNoTrouble(name: String) throws {
        #expect(try run(name, [[Float]](repeating: [], count: 7), arrival: Array(0..<7), trusted: []) == [])
    }

    @Test(arguments: names) func itsStateComesBack(name: String) throws {
        var rule = try Aggregations.standard.named(name)
        let updates = try UpdateMatrix(randomRows(9, of: 20))
        _ = try rule.aggregated(updates, trusted: randomRows(1, of: 20)[0])
        var other = try Aggregations.standard.named(name)
        try other.restoreServerState(rule.serverState)
        #expect(other.serverState == rule.serverState)
        #expect(throws: ConfigurationError.self) { try other.restoreServerState([1, 2, 3]) }
        #expect(other.serverState == rule.serverState)
    }

    private func run(
        _ name: String, _ rows: [[Float]], arrival: [Int], weight: (Int) -> Double = { Double(1 + $0 * 13) },
        trusted: [Float]? = nil
    ) throws -> [Float] {
        var updates = UpdateMatrix(dimension: rows[0].count)
        for client in arrival { try updates.append(client: client, weight: weight(client), rows[client]) }
        return try aggregated(name, [:], updates, trusted: trusted ?? randomRows(1, of: rows[0].count, salt: 9)[0])
    }
}
