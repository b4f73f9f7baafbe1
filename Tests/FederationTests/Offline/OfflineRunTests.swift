import Aggregation
import Devices
import FedCore
import Foundation
import Recording
import Strategies
import TestSupport
import Testing

@testable import Federation
@testable import Records
@testable import Runtime

/// Whole runs on fleets whose devices go away, train on and send later; ranks as threads.
@Suite(.tags(.wholeRun), .unlessQuick) struct OfflineRunTests {
    /// Turns of about an hour on devices that are offline for hours: half of them do not come to their end.
    private static func settings(_ change: (inout RunSettings) -> Void = { _ in }) -> RunSettings {
        StrategyRunTests.settings("fedavg") {
            ($0.clients, $0.clientFraction, $0.rounds) = (24, 0.4, 8)
            $0.fleet =
                "f; phone share=3 battery-mah=8000 gflops=0.000001 train-watts=2 offline-hours=12; "
                + "board battery-mah=0 gflops=0.000001 offline-hours=8"
            ($0.roundEvery, $0.cohortWait, $0.require) = (2 * 3_600, 60, "idle")
            ($0.offlineUpdates, $0.minClients, $0.epochs) = (3, 0, 3)
            change(&$0)
        }
    }

    private static let kinds: [(name: String, change: @Sendable (inout RunSettings) -> Void)] = [
        ("plain", { _ in }),
        ("codec", { $0.compress = "topk 5% | int8 | rans" }),
        ("down", { $0.compressDown = "int8 | rans" }),
        ("repeated", { ($0.minClients, $0.roundRetries, $0.dropProb) = (5, 30, 0.3) }),
        ("expiry", { ($0.offlineUpdates, $0.offlineExpiry, $0.agePower) = (1, 4 * 3_600, 1.5) }),
        ("deadline", { ($0.roundDeadline, $0.failureTimeout) = (1_800, 600) }),
        ("ditto", { ($0.strategy, $0.clientTest) = ("ditto", 0.2) }),
        ("fedadam", { ($0.strategy, $0.strategyOptions) = ("fedadam", [:]) }),
    ]

    /// What devices keep by a state, and the books.
    private static func held(_ state: RunState) throws -> HeldUpdates {
        let settings = state.settings
        var held = HeldUpdates(room: settings.offlineUpdates, lifetime: settings.offlineExpiry ?? .infinity)
        try held.restore(
            state[PartName.heldUpdates], clients: settings.clients, floats: try Job(settings).vectors.up)
        return held
    }

    @Test(arguments: kinds.map(\.name)) func `A run has one course at any number of ranks, and after a resume`(
        name: String
    ) throws {
        let settings = Self.settings(try #require(Self.kinds.first { $0.name == name }).change)
        try StrategyRunTests.withFolder { folder in
            func folderOfItsOwn() throws -> String {
                let own = folder + "/" + UUID().uuidString
                try FileManager.default.createDirectory(atPath: own, withIntermediateDirectories: true)
                return own
            }
            let first = try folderOfItsOwn()
            let alone = try StrategyRunTests.run(settings, ranks: 1, folder: first)
            let records = alone.states.compactMap(\.last)
            #expect(records.count == settings.rounds && alone.digest != nil)
            for ranks in [2, 4] {
                let other = try StrategyRunTests.run(settings, ranks: ranks, folder: try folderOfItsOwn())
                #expect(other.digest == alone.digest)
                #expect(other.states.map(\.parts) == alone.states.map(\.parts))
                #expect(other.states.compactMap(\.last).map(\.metrics) == records.map(\.metrics))
                #expect(other.states.last?.last?.totalUploadBytes == records.last?.totalUploadBytes)
            }
            for round in [5, 2] {
                let read = try Checkpoint.decode(Checkpoint.encode(SavedRun(alone.states[round]))).state
                #expect(try Self.held(read).count > 0, "something is kept when it is stopped")
                let resumed = try StrategyRunTests.run(settings, ranks: 3, from: read, folder: first)
                #expect(resumed.digest == alone.digest)
                #expect(resumed.states.last?.parts == alone.states.last?.parts)
            }
        }
    }

    @Test(arguments: kinds.map(\.name)) func `Every update is counted once, is dropped, or is still kept`(
        name: String
    ) throws {
        let settings = Self.settings(try #require(Self.kinds.first { $0.name == name }).change)
        let outcome = try StrategyRunTests.withFolder { try StrategyRunTests.run(settings, ranks: 1, folder: $0) }
        let records = outcome.states.compactMap(\.last)
        let held = try Self.held(try #require(outcome.states.last))
        let books = held.books
        func sum(_ metric: String) -> Int { records.reduce(0) { $0 + Int($1.metrics[metric] ?? 0) } }
        #expect(books.made == books.counted + books.expired + books.overwritten + held.count && books.refused == 0)
        #expect(sum("offline_late") == books.counted && books.counted > 0)
        #expect(sum("offline_expired") == books.expired + books.overwritten)
        #expect(records.last?.metrics["offline_kept"] == Double(held.count))
        if name == "expiry" { #expect(books.expired > 0) }
        if name == "repeated" { #expect(records.contains { $0.attempts > 1 }) }
        for record in records {
            #expect(record.participants + record.late + record.dropped + record.rejected == record.cohort)
            let (mean, largest) = (record.metrics["offline_age_mean"], record.metrics["offline_age_max"])
            #expect((mean != nil) == ((record.metrics["offline_late"] ?? 0) > 0))
            if let mean, let largest { #expect(mean >= 1 && mean <= largest && largest < Double(record.round)) }
        }
        #expect(records.contains { ($0.metrics["offline_age_max"] ?? 0) > 1 })
    }

    @Test func `Devices that do not go away make the weights that they make without it`() throws {
        let fleet = "f; a gflops=0.000001 speed-spread=0 battery-mah=0 use-hours=0 away-share=0 offline-hours=0"
        let kept = try StrategyRunTests.run(Self.settings { $0.fleet = fleet }, ranks: 2)
        let plain = try StrategyRunTests.run(
            Self.settings { ($0.fleet, $0.offlineUpdates) = (fleet, 0) }, ranks: 2)
        #expect(kept.digest == plain.digest && kept.digest != nil)
        let lost = try StrategyRunTests.run(Self.settings { $0.offlineUpdates = 0 }, ranks: 2)
        #expect(try StrategyRunTests.run(Self.settings(), ranks: 2).digest != lost.digest)
        #expect(lost.states.last?.last?.metrics["offline_kept"] == nil)
    }

    @Test func `A device that is offline for most of its days syncs eventually`() throws {
        // Two spells of eight hours a day on average, and turns of several hours.
        let settings = Self.settings {
            ($0.clients, $0.clientFraction, $0.rounds) = (6, 1, 40)
            $0.fleet =
                "f; sensor battery-mah=0 use-hours=0 away-share=0 offline-hours=16 gflops=0.000001 speed-spread=0"
            ($0.require, $0.offlineUpdates, $0.epochs) = ("", 1000, 8)
        }
        let states = try StrategyRunTests.run(settings, ranks: 1).states
        let (books, last) = (try Self.held(try #require(states.last)).books, try Self.held(try #require(states.last)))
        #expect(books.made > 10 && books.counted > 5)
        #expect(books.expired == 0 && books.overwritten == 0 && books.refused == 0)
        // Nothing of ten rounds before is still waiting: whoever made it has been back since.
        let clock = states.map { ($0.last?.metrics["fleet_hours"] ?? 0) * 3_600 }
        let now = try #require(clock.last)
        for client in last.clients {
            for update in last.ready(client, at: .infinity) { #expect(update.made > now - 2 * 86_400) }
        }
        #expect(now > 3 * 86_400, "\(now)")
    }

    @Test func `Over a slow link devices keep several, and send as many as their connection lasts for`() throws {
        // An update of 318,104 bytes takes 2,545 s, and connections last for some hours.
        let settings = Self.settings {
            ($0.clients, $0.clientFraction, $0.rounds, $0.epochs) = (8, 1, 30, 1)
            $0.model = "linear 100, relu, linear"
            $0.fleet =
                "f; sensor battery-mah=0 use-hours=0 away-share=0 offline-hours=12 gflops=0.000003 up-mbps=0.001"
            ($0.require, $0.offlineUpdates) = ("", 2)
        }
        let outcome = try StrategyRunTests.run(settings, ranks: 1)
        let books = try Self.held(try #require(outcome.states.last)).books
        let most = try outcome.states.map { state -> Int in
            let held = try Self.held(state)
            return held.clients.map { held.ready($0, at: .infinity).count }.max() ?? 0
        }.max()
        #expect(most == 2 && books.counted > 0, "\(books), \(most ?? 0)")
        #expect(try StrategyRunTests.run(settings, ranks: 3).digest == outcome.digest)
        var one = settings
        one.offlineUpdates = 1
        let less = try Self.held(try #require(try StrategyRunTests.run(one, ranks: 1).states.last)).books
        #expect(less.overwritten > 0 && less.counted > 0, "\(less)")
    }

    @Test func `An update of three rounds ago weighs half of what it would weigh fresh`() throws {
        let terms = UpdateTerms(shape: UpdateShape(plain: 2), totalWeight: 100, samplesHeld: { _ in 100 })
        var rejected: [String] = []
        let tally = RoundTally(terms, reject: { rejected.append("\($0) \($1)") })
        let (fresh, old, none): ([Float], [Float], [Float]) = ([1, 0], [4, 8], [])
        let result = LocalResult(samples: 20, steps: 1, loss: 1)
        let entry = HeldUpdates.Entry(7, HeldUpdate(old.span, result, bytes: 64, coded: CodedBytes()))
        // (1 + 3)^-0.5 = 0.5: 20 samples weigh 10, as the 10 of the fresh one.
        let outcome = StalenessFunction.polynomial(a: RunSettings().agePower)(3)
        #expect(outcome == 0.5)
        #expect(tally.receive(entry, factor: outcome, seconds: 12))
        let envelope = UpdateSlot.Envelope(
            client: 3, round: RoundID(4), result: LocalResult(samples: 10, steps: 1, loss: 1), payloadBytes: 8)
        tally.receive(3, .success(envelope), fresh.span, state: none.span, bytes: 100)
        #expect(rejected.isEmpty && tally.participants == 2 && tally.results.count == 1)
        #expect(tally.simulatedSeconds == 12 && tally.uploadBytes == 164)
        var rule: any RobustAggregation = try Aggregations.standard.named("mean")
        var mean: [Float] = []
        tally.aggregate(by: &rule, trusting: none.span, under: nil, by: []) { update in
            mean = (0..<update.count).map { update[$0] }
        }
        #expect(mean == [2.5, 4])
        // One that is very old still counts, with the least weight.
        tally.reset()
        #expect(tally.receive(entry, factor: 1e-30, seconds: nil) && tally.uploadBytes == 0)
    }

    @Test func `Who is away may keep an update, and nobody else`() throws {
        let terms = UpdateTerms(shape: UpdateShape(plain: 2), totalWeight: 100, samplesHeld: { _ in 100 })
        var rejected: [String] = []
        let tally = RoundTally(terms, reject: { rejected.append("\($0): \($1)") })
        let (update, bad, none): ([Float], [Float], [Float]) = ([1, 2], [.nan, 0], [])
        func answer(_ client: Int, _ status: UpdateStatus, _ update: [Float], samples: Int = 10) {
            var result = LocalResult(samples: samples, steps: 1, loss: 1)
            (result.status, result.simulatedSeconds) = (status, 5)
            let envelope = UpdateSlot.Envelope(client: client, round: RoundID(1), result: result, payloadBytes: 8)
            tally.receive(client, .success(envelope), update.span, state: none.span, bytes: 72)
        }
        tally.offline = [1, 2, 3, 4]
        answer(1, .held, update)
        #expect(tally.held.map(\.client) == [1] && tally.dropped == 1 && tally.uploadBytes == 0 && rejected.isEmpty)
        answer(2, .held, bad)
        answer(3, .complete, update)
        answer(4, .held, update, samples: 1_000)
        answer(5, .held, update)
        #expect(tally.held.count == 1 && tally.participants == 0 && tally.rejected == 4)
        #expect(
            rejected == [
                "2: element 0 is not a finite number", "3: it says that it is sent, and its device has gone away",
                "4: it claims 1000 samples, and its client holds 100",
                "5: it says that its device has gone away, which it has not",
            ])
    }

    @Test(arguments: [
        ("--wire reduce", "--wire reduce adds them up before they are kept; use --wire gatherv"),
        ("scaffold", "takes what clients send or keep beside an update for that of the round"),
        ("feddyn", "takes what clients send or keep beside an update"), ("mimelite", "takes what clients send"),
        ("qfedavg", "takes what clients send"), ("fednova", "scales the mean by the steps of the round's clients"),
        ("heterofl", "divides by who has trained which part in the round"),
        ("median", "--aggregation median gives each update of a round one vote"),
        ("alie", "--aggregation mean under --attack alie gives each update"),
        ("no fleet", "--offline-updates is of a simulated fleet; it needs --fleet"),
        ("expiry alone", "--offline-expiry is of updates that devices keep offline; it needs --offline-updates"),
        ("age alone", "--age-power is of updates that devices keep offline; it needs --offline-updates"),
    ])
    func `What does not go with it is refused, and why`(what: String, says: String) throws {
        let settings = Self.settings {
            switch what {
            case "--wire reduce": $0.wire = "reduce"
            case "heterofl": ($0.strategy, $0.model) = ("heterofl", "linear 64, relu, linear")
            case "median": $0.aggregation = "median"
            case "alie": ($0.attack, $0.attackers) = ("alie", 2)
            case "no fleet": ($0.fleet, $0.require, $0.roundEvery) = (nil, "", 0)
            case "expiry alone": ($0.offlineUpdates, $0.offlineExpiry) = (0, 60)
            case "age alone": ($0.offlineUpdates, $0.agePower) = (0, 2)
            default: $0.strategy = what
            }
        }
        let error = #expect(throws: ConfigurationError.self) { try Job(settings) }
        #expect(error?.description.contains(says) == true, "\(error?.description ?? "none")")
    }
}
