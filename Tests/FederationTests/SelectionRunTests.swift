import FedCore
import Recording
import Selection
import TestSupport
import Testing

@testable import Federation
@testable import Records

/// Whole runs with every selection rule of the catalog, ranks as threads.
@Suite(.tags(.wholeRun), .unlessQuick) struct SelectionRunTests {
    static let names = Selections.all.map { $0.name }

    static func settings(_ selection: String) -> RunSettings {
        SessionTests.settings {
            $0.selection = selection
            $0.rounds = 6
            $0.clients = 12
            $0.clientFraction = 0.34
            $0.evalEvery = 1
            // Simulated, so that rules that look at the time have one.
            $0.deviceSpeed = 100
            if needFleet.contains(selection) { ($0.deviceSpeed, $0.fleet, $0.roundEvery) = (nil, "people", 9_000) }
        }
    }

    /// The rules that look at batteries.
    static let needFleet = ["battery-first", "energy-aware"]

    @Test(arguments: names) func `The weights have the same bits at 1, 2 and 4 ranks`(selection: String) throws {
        let alone = try StrategyRunTests.run(Self.settings(selection), ranks: 1)
        #expect(alone.digest != nil)
        for ranks in [2, 4] {
            #expect(try StrategyRunTests.run(Self.settings(selection), ranks: ranks).digest == alone.digest)
        }
    }

    @Test(arguments: names) func `Every state on the way leads to the same end`(selection: String) throws {
        let whole = try StrategyRunTests.run(Self.settings(selection), ranks: 3)
        for state in whole.states.dropLast() {
            let read = try Checkpoint.decode(Checkpoint.encode(SavedRun(state))).state
            #expect(read == state)
            #expect(try StrategyRunTests.run(read.settings, ranks: 2, from: read).digest == whole.digest)
        }
    }

    @Test func `Another rule trains other clients`() throws {
        let digests = try Set(Self.names.map { try StrategyRunTests.run(Self.settings($0), ranks: 1).digest })
        #expect(digests.count == Self.names.count)
    }

    @Test func `A rule's options are read, and what it cannot do is refused`() throws {
        var settings = Self.settings("power-of-choice")
        settings.selectionOptions = ["candidates": "2"]
        #expect(throws: ConfigurationError.self) { try Job(settings) }
        settings.selectionOptions = ["colour": "2"]
        #expect(throws: ConfigurationError.self) { try Job(settings) }
    }
}
