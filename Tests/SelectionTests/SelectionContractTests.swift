import FedCore
import Selection
import Testing

/// What holds for every rule in the catalog.
@Suite struct SelectionContractTests {
    static let names = Selections.all.map { $0.name }
    /// The rules whose cohorts have the size that is asked for.
    static let sized = names.filter { $0 != "poisson" }
    static let uneven = FederationView(
        samples: (0..<60).map { $0 % 7 == 0 ? 0 : $0 * 13 % 50 + 1 }, seed: 4, fraction: 0.15)

    @Test func namesAreUniqueAndFitTheCommandLine() {
        #expect(Set(Self.names).count == Self.names.count)
        for rule in Selections.all {
            #expect(!rule.name.isEmpty && rule.name.allSatisfy { $0.isLowercase || $0.isNumber || $0 == "-" })
            #expect(!rule.summary.isEmpty && !rule.summary.contains("\n"))
        }
    }

    @Test(arguments: names) func isFoundByItsName(name: String) throws {
        #expect(type(of: try Selections.standard.named(name)).name == name)
    }

    @Test func aMisspeltNameIsAnsweredWithTheNearest() {
        #expect(
            throws: ConfigurationError(
                "unknown selection 'unifrom'; did you mean 'uniform'?")
        ) {
            try Selections.standard.named("unifrom")
        }
    }

    @Test(arguments: names) func anUnknownOptionIsRefused(name: String) {
        #expect(throws: ConfigurationError.self) { try Selections.standard.named(name, ["no-such-option": "1"]) }
    }

    @Test(arguments: [
        ("power-of-choice", "candidates"), ("oort", "explore"), ("oort", "explore-decay"), ("oort", "explore-min"),
        ("oort", "alpha"), ("oort", "cut-off"), ("oort", "pace"), ("oort", "window"), ("history", "rate"),
        ("history", "explore"),
    ])
    func anOptionIsTakenAndChecked(name: String, option: String) throws {
        _ = try Selections.standard.named(
            name, NamedOptions([option: option == "candidates" || option == "window" ? "3" : "0.5"]))
        for bad in ["-1", "nan", "inf", "many", "", "1e9"] {
            #expect(throws: ConfigurationError.self) {
                try Selections.standard.named(name, NamedOptions([option: bad]))
            }
        }
    }

    @Test(arguments: sized) func onlyThoseWhoCanBeAskedAreChosen(name: String) throws {
        var rule = try Selections.standard.named(name)
        let able = (0..<60).filter { $0 % 3 != 1 }
        let view = Self.uneven.among(
            able, charge: (0..<60).map { Double($0 % 10) / 10 }, joules: (0..<60).map { Double(1 + $0 * 7 % 20) })
        for round in 1...40 {
            for size in [1, 7, able.count] {
                let cohort = rule.cohort(size: size, round: round, attempt: round % 3, federation: view)
                #expect(cohort.count == size && Set(cohort).count == size && cohort == cohort.sorted())
                #expect(Set(cohort).isSubset(of: able))
            }
            let asked = rule.cohort(size: 7, round: round, attempt: 0, federation: view)
            rule.learn(
                RoundFeedback(
                    round: round,
                    outcomes: asked.map {
                        .init(client: $0, participated: $0 % 5 > 0, loss: Double($0), samples: 10, joules: 3)
                    }))
        }
    }

    @Test(arguments: sized) func aCohortIsSoManyDifferentClientsInOrder(name: String) throws {
        var rule = try Selections.standard.named(name)
        let clients = Self.uneven.clients
        for round in 1...40 {
            for size in [1, 2, 30, clients - 1, clients] {
                for attempt in 0..<3 {
                    let cohort = rule.cohort(size: size, round: round, attempt: attempt, federation: Self.uneven)
                    #expect(cohort.count == size && Set(cohort).count == size && cohort == cohort.sorted())
                    #expect(cohort.allSatisfy { (0..<clients).contains($0) })
                }
            }
            _ = rule.play(rounds: round..<round + 1, size: 11, federation: Self.uneven, outcome: variedOutcome)
        }
    }

    @Test(arguments: names) func aFederationOfOneHasOneCohort(name: String) throws {
        for samples in [0, 1] {
            let federation = FederationView(samples: [samples], seed: 1)
            var rule = try Selections.standard.named(name)
            let cohorts = rule.play(rounds: 1..<5, size: 1, federation: federation, outcome: variedOutcome)
            #expect(cohorts == [[0], [0], [0], [0]])
        }
    }

    @Test(arguments: names) func theSameFeedbackGivesTheSameCohorts(name: String) throws {
        var (first, second) = (try Selections.standard.named(name), try Selections.standard.named(name))
        let cohorts = first.play(rounds: 1..<60, size: 7, federation: Self.uneven, outcome: variedOutcome)
        #expect(second.play(rounds: 1..<60, size: 7, federation: Self.uneven, outcome: variedOutcome) == cohorts)
        #expect(second.serverState == first.serverState)
        // Not by chance: with another seed they are others.
        var other = try Selections.standard.named(name)
        let elsewhere = FederationView(samples: Self.uneven.samples, seed: 5, fraction: 0.15)
        #expect(other.play(rounds: 1..<60, size: 7, federation: elsewhere, outcome: variedOutcome) != cohorts)
    }

    @Test(arguments: names) func aRepeatedRoundHasAnotherCohort(name: String) throws {
        var rule = try Selections.standard.named(name)
        _ = rule.play(rounds: 1..<20, size: 7, federation: Self.uneven, outcome: variedOutcome)
        let cohorts = (0..<4).map { rule.cohort(size: 7, round: 20, attempt: $0, federation: Self.uneven) }
        #expect(Set(cohorts).count > 1 && cohorts[1] != cohorts[0])
    }

    @Test(arguments: names) func goesOnFromItsStateAsIfItHadNeverStopped(name: String) throws {
        for rounds in [1, 2, 45] {
            var rule = try Selections.standard.named(name)
            _ = rule.play(rounds: 1..<rounds, size: 7, federation: Self.uneven, outcome: variedOutcome)
            var restored = try Selections.standard.named(name)
            try restored.restoreServerState(rule.serverState)
            #expect(restored.serverState == rule.serverState)
            let later = rounds..<rounds + 30
            let cohorts = rule.play(rounds: later, size: 7, federation: Self.uneven, outcome: variedOutcome)
            #expect(
                restored.play(rounds: later, size: 7, federation: Self.uneven, outcome: variedOutcome) == cohorts)
            #expect(restored.serverState == rule.serverState)
        }
    }

    @Test(arguments: names) func refusesAStateThatIsNotItsOwn(name: String) throws {
        var rule = try Selections.standard.named(name)
        _ = rule.play(rounds: 1..<20, size: 7, federation: Self.uneven, outcome: variedOutcome)
        let state = rule.serverState
        var garbage: [[UInt8]] = [[1], [UInt8](repeating: 0xFF, count: 24), state + [0], state + state + [7]]
        if !state.isEmpty { garbage += [[], Array(state.dropLast()), Array(state.dropFirst())] }
        var random = RandomStream(seed: 3, .synthesis)
        for count in 1..<200 { garbage.append((0..<count).map { _ in UInt8(truncatingIfNeeded: random.nextWord()) }) }
        for bytes in garbage {
            #expect(throws: ConfigurationError.self) { try rule.restoreServerState(bytes) }
            #expect(rule.serverState == state)
        }
    }

    @Test(arguments: names) func damagedStatesNeverTrap(name: String) throws {
        var rule = try Selections.standard.named(name)
        _ = rule.play(rounds: 1..<20, size: 7, federation: Self.uneven, outcome: variedOutcome)
        let state = rule.serverState
        guard !state.isEmpty else { return }
        var random = RandomStream(seed: 3, .synthesis)
        for _ in 0..<2_000 {
            var bytes = state
            for _ in 0...random.integer(below: 3) {
                bytes[random.integer(below: bytes.count)] = UInt8(truncatingIfNeeded: random.nextWord())
            }
            var other = try Selections.standard.named(name)
            guard (try? other.restoreServerState(bytes)) != nil else { continue }
            // What it took back it can work with.
            let cohorts = other.play(rounds: 20..<23, size: 7, federation: Self.uneven, outcome: variedOutcome)
            #expect(cohorts.allSatisfy { Set($0).count == 7 })
            _ = other.serverState
        }
    }

    @Test(arguments: names) func feedbackOfAnyNumbersIsTaken(name: String) throws {
        var rule = try Selections.standard.named(name)
        let numbers = [.nan, .infinity, -.infinity, -1, 0, .leastNonzeroMagnitude, 1e300, .greatestFiniteMagnitude]
        for (i, loss) in numbers.enumerated() {
            for (j, seconds) in numbers.enumerated() {
                let round = 1 + i * numbers.count + j
                let cohort = rule.cohort(size: 7, round: round, federation: Self.uneven)
                let outcomes = cohort.map {
                    RoundFeedback.Outcome(
                        client: $0, participated: true, loss: loss, samples: .max >> (8 * j), seconds: seconds)
                }
                rule.learn(RoundFeedback(round: round, outcomes: outcomes, startingLoss: numbers[(i + j) % 8]))
                var restored = try Selections.standard.named(name)
                try restored.restoreServerState(rule.serverState)
            }
        }
        #expect(rule.cohort(size: 7, round: 65, federation: Self.uneven).count == 7)
    }

    @Test(.timeLimit(.minutes(1)), arguments: names) func aHundredThousandClientsAreNoTrouble(name: String) throws {
        let federation = FederationView(samples: (0..<100_000).map { $0 % 97 }, seed: 2)
        var rule = try Selections.standard.named(name)
        let cohorts = rule.play(rounds: 1..<4, size: 1_000, federation: federation, outcome: variedOutcome)
        #expect(cohorts.allSatisfy { $0.count == 1_000 })
    }
}
