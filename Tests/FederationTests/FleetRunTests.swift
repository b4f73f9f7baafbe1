import Devices
import FedCore
import Foundation
import NeuralNet
import TestSupport
import Testing

@testable import Federation
@testable import Records
@testable import Runtime

/// Whole runs on simulated fleets, ranks as threads.
@Suite(.tags(.wholeRun), .unlessQuick) struct FleetRunTests {
    /// Rounds of many hours on a mixed fleet, so that batteries, days and places change between them.
    private static func settings(_ change: (inout RunSettings) -> Void = { _ in }) -> RunSettings {
        StrategyRunTests.settings("fedavg") {
            $0.clients = 24
            $0.clientFraction = 0.3
            $0.rounds = 6
            $0.fleet =
                "f; phone share=3 battery-mah=400 gflops=0.000001 offline-hours=6; board battery-mah=0 gflops=0.000002 memory-kb=400"
            $0.roundEvery = 5 * 3_600
            $0.require = "idle"
            $0.roundDeadline = 900
            change(&$0)
        }
    }

    private static let kinds: [(name: String, change: @Sendable (inout RunSettings) -> Void)] = [
        ("plain", { _ in }), ("codec", { $0.compress = "topk 5% | int8 | rans" }),
        ("reduce", { $0.wire = "reduce" }), ("energy-aware", { $0.selection = "energy-aware" }),
        ("battery-first", { $0.selection = "battery-first" }), ("drops", { $0.dropProb = 0.3 }),
    ]

    @Test(arguments: kinds.map(\.name)) func `A fleet has one course at any number of ranks, and after a resume`(
        name: String
    ) throws {
        let change = try #require(Self.kinds.first { $0.name == name }).change
        let settings = Self.settings(change)
        try StrategyRunTests.withFolder { folder in
            let alone = try StrategyRunTests.run(settings, ranks: 1, folder: folder)
            let records = alone.states.compactMap(\.last)
            #expect(records.count == 6)
            for ranks in [2, 4] {
                let other = try StrategyRunTests.run(settings, ranks: ranks, folder: try Self.folder(folder))
                #expect(other.digest == alone.digest)
                #expect(other.states.last?[PartName.fleet] == alone.states.last?[PartName.fleet])
                #expect(other.states.compactMap(\.last).map(\.metrics) == records.map(\.metrics))
            }
            guard name != "codec" else { return }  // its residuals are in a file of their own
            let resumed = try StrategyRunTests.run(settings, ranks: 3, from: alone.states[2])
            #expect(resumed.digest == alone.digest)
            #expect(resumed.states.last?[PartName.fleet] == alone.states.last?[PartName.fleet])
        }
    }

    private static func folder(_ parent: String) throws -> String {
        let folder = parent + "/" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        return folder
    }

    @Test func `A fleet that lives by records has one course, and goes on by the same records alone`() throws {
        try StrategyRunTests.withFolder { folder in
            // Six devices that are there for half a day each, one after another, of eight days.
            let sessions = (0..<6).map { client in
                #""\#(client)": {"active": [\#(client * 43_200)], "inactive": [\#(client * 43_200 + 86_400)], "finish_time": 691200}"#
            }
            let file = folder + "/days.json"
            try Data(("{" + sessions.joined(separator: ", ") + "}").utf8).write(to: URL(fileURLWithPath: file))
            let trace = try FleetTrace(.fedscale, at: file)
            let fleet = try Fleet("f", try Fleet(#require(Self.settings().fleet)).classes, trace: trace)
            let settings = Self.settings { ($0.fleet, $0.require) = (fleet.description, "charging,idle") }
            let alone = try StrategyRunTests.run(settings, ranks: 1)
            for ranks in [2, 4] { #expect(try StrategyRunTests.run(settings, ranks: ranks).digest == alone.digest) }
            let eligible = alone.states.compactMap { $0.last?.metrics["fleet_eligible"] }
            #expect(eligible.count == 6 && eligible.allSatisfy { $0 > 0 && $0 < 0.7 })
            let saved = try #require(alone.states.first { $0.round == 3 })
            #expect(try StrategyRunTests.run(settings, ranks: 3, from: saved).digest == alone.digest)
            #expect(try StrategyRunTests.run(Self.settings(), ranks: 1).digest != alone.digest)
            try Data("{}".utf8).write(to: URL(fileURLWithPath: file))
            let error = #expect(throws: ConfigurationError.self) {
                try StrategyRunTests.run(settings, ranks: 2, from: saved)
            }
            #expect(error?.description.contains("is not the one") == true)
        }
    }

    @Test func `Rounds are on the clock, and every client that is asked ends in one way`() throws {
        let records = try StrategyRunTests.run(Self.settings(), ranks: 1).states.compactMap(\.last)
        var (gone, energy) = (0, 0.0)
        for (record, next) in zip(records, records.dropFirst()) {
            // Five hours from start to start; the clock stands at the round's end.
            let hours = try #require(next.metrics["fleet_hours"]) - (try #require(record.metrics["fleet_hours"]))
            let taken = try #require(next.simulatedSeconds) / 3_600
            #expect(abs(hours - taken) < 1e-9)
        }
        for record in records {
            #expect(record.participants + record.late + record.dropped + record.rejected == record.cohort)
            gone += record.dropped
            let phases = ["compute", "up", "down", "tail"].map { record.metrics["joules_\($0)"] ?? .nan }
            let joules = try #require(record.metrics["joules"])
            #expect(abs(phases.reduce(0, +) - joules) <= 1e-9 * joules)
            let classes = (record.metrics["joules_of_phone"] ?? .nan) + (record.metrics["joules_of_board"] ?? .nan)
            #expect(abs(classes - joules) <= 1e-9 * joules)
            energy += joules
            #expect(abs(try #require(record.metrics["joules_so_far"]) - energy) <= 1e-9 * energy)
        }
        #expect(gone > 0, "a device goes away in mid-round")
    }

    @Test func `A budget of joules ends the run before it is passed`() throws {
        let whole = try StrategyRunTests.run(Self.settings(), ranks: 1).states.compactMap(\.last)
        let three = try #require(whole[2].metrics["joules_so_far"])
        let budget = three * 1.2
        let short = try StrategyRunTests.run(Self.settings { $0.budgetJoules = budget }, ranks: 1)
        // The first round after which another one, as dear as the mean so far, would pass the budget.
        let last = try #require(
            whole.first { record in
                let spent = record.metrics["joules_so_far"] ?? 0
                return spent + spent / Double(record.round) > budget
            })
        #expect(short.states.last?.round == last.round && last.round < 6)
        #expect((short.states.last?.last?.metrics["joules_so_far"] ?? .infinity) <= budget)
    }

    @Test func `Devices with little memory take smaller steps, and those with too little are not asked`() throws {
        let model = try Job(Self.settings { ($0.fleet, $0.require, $0.roundEvery) = (nil, "", 0) }).model
        let bytes = model.trainingBytes(batch: 3, moments: 1)
        let fleet = "f; small memory-kb=\(Double(bytes) / 1024 + 0.01); tiny memory-kb=1; large"
        let job = try Job(Self.settings { $0.fleet = fleet })
        let terms = try #require(job.fleet)
        #expect(terms.batches == [3, 0, job.settings.batchSize])
        let run = try StrategyRunTests.run(Self.settings { ($0.fleet, $0.require) = (fleet, "") }, ranks: 2)
        #expect(run.digest != nil)
        #expect(
            run.digest
                != (try StrategyRunTests.run(
                    Self.settings { ($0.fleet, $0.require) = ("f; a; b; large", "") }, ranks: 2)).digest)
        for record in run.states.compactMap(\.last) { #expect(record.metrics["joules_of_tiny"] == 0) }
        #expect(throws: ConfigurationError.self) {
            try Job(Self.settings { $0.fleet = "f; tiny memory-kb=1; no memory-kb=2" })
        }
    }

    @Test func `Devices train the width that fits into their memory`() throws {
        // The widths of one hidden layer of 64: training takes more memory the wider it is.
        let settings = Self.settings {
            ($0.strategy, $0.model, $0.widths) = ("heterofl", "linear 64, relu, linear", "1,0.5,0.25")
        }
        let models = try #require(try Job(settings).submodels).models
        let limits = models.map { Double($0.trainingBytes(batch: settings.batchSize, moments: 1)) / 1024 + 0.01 }
        let fleet = "f; large memory-kb=\(limits[0]); half memory-kb=\(limits[1]); quarter memory-kb=\(limits[2])"
        let run = { (ranks: Int) in
            var settings = settings
            (settings.fleet, settings.require) = (fleet, "")
            return try StrategyRunTests.run(settings, ranks: ranks)
        }
        var changed = settings
        changed.fleet = fleet
        #expect(try Job(changed).fleet?.widths == [0, 1, 2])
        let alone = try run(1)
        #expect(try run(3).digest == alone.digest && alone.digest != nil)
        // A class may state a narrower one than its memory would hold, but none below all that there are.
        changed.fleet = "f; cool width=0.5; quick width=0.3 memory-kb=\(limits[0]); large"
        #expect(try Job(changed).fleet?.widths == [1, 2, 0])
        changed.fleet = "f; tiny width=0.2; large"
        #expect(throws: ConfigurationError.self) { try Job(changed) }
        changed.fleet = fleet
        changed.widths = "1:0.5,0.5:0.5"
        #expect(throws: ConfigurationError.self) { try Job(changed) }
    }

    @Test(arguments: [
        "--strategy fedbuff", "--local-steps 3", "--device-speed 5", "--real-delays", "--bandwidth-mbps 3",
        "--require sleepy",
        "--stop-battery 0.5",
    ])
    func `What a fleet does not go with is refused`(option: String) throws {
        let settings = Self.settings {
            switch option {
            case "--strategy fedbuff": $0.strategy = "fedbuff"
            case "--local-steps 3": $0.localSteps = 3
            case "--device-speed 5": $0.deviceSpeed = 5
            case "--real-delays": $0.realDelays = true
            case "--bandwidth-mbps 3": $0.bandwidthMbps = 3
            case "--require sleepy": $0.require = "sleepy"
            default: $0.stopBattery = 0.5
            }
        }
        #expect(throws: ConfigurationError.self) { try Job(settings) }
    }
}
