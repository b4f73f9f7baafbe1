import Aggregation
import FedCore
import Selection
import Strategies
import Testing

@testable import Federation
@testable import Records
@testable import Runtime

/// What holds for everything that a run's state keeps of the server's parts, whichever part it is.
@Suite struct PartContractTests {
    /// A short run for each entry of the catalogs whose values may remember something.
    static let runs =
        Strategies.all.map { "strategy \($0.name)" } + Aggregations.all.map { "aggregation \($0.name)" }
        + Selections.all.map { "selection \($0.name)" }

    static func settings(_ run: String) -> RunSettings {
        let words = run.split(separator: " ").map(String.init)
        return StrategyRunTests.settings(words[0] == "strategy" ? words[1] : "fedavg") {
            $0.rounds = 2
            $0.clientFraction = 1
            if words[0] == "aggregation" {
                $0.aggregation = words[1]
                if words[1] == "fltrust" { $0.aggregationOptions = ["root": "10"] }
            }
            if words[0] == "selection" {
                $0.selection = words[1]
                if SelectionRunTests.needFleet.contains(words[1]) { $0.fleet = "people" }
                $0.clientFraction = 0.6
            }
        }
    }

    /// What the parts of a job remember when they have taken back a state.
    static func restored(_ state: RunState, of job: Job) throws -> [String: [UInt8]] {
        var copy = RunState(state.settings, weights: [])
        for (name, part) in try ServerModel(job, resuming: state, Timeline(isOn: false)).parts {
            copy[name] = part.serverState
        }
        copy[PartName.selection] = try CohortSource(job, resuming: state).serverState
        copy[PartName.fleet] = try CohortSource(job, resuming: state).fleet?.serverState ?? []
        copy[PartName.heldUpdates] = try CohortSource(job, resuming: state).fleet?.heldState ?? []
        if job.asynchronous != nil {
            copy[PartName.inFlight] = try AsynchronousState(
                state[PartName.inFlight], version: state.round, seats: job.settings.cohortSize,
                clients: job.settings.clients, parameters: job.vectors.down
            ).bytes
        }
        return copy.parts
    }

    @Test(arguments: runs) func `What a part remembers comes back, and is refused when it is damaged`(
        run: String
    ) throws {
        let settings = Self.settings(run)
        let state = try #require(try StrategyRunTests.run(settings, ranks: 1).states.last)
        let job = try Job(settings)
        #expect(Set(state.parts.keys).isSubset(of: job.partNames))
        #expect(try Self.restored(state, of: job) == state.parts)
        for (name, bytes) in state.parts {
            for damaged in [bytes.dropLast(), bytes + [0]] where !damaged.isEmpty {
                var other = state
                other[name] = Array(damaged)
                #expect(throws: ConfigurationError.self, "\(name)") { try Self.restored(other, of: job) }
            }
        }
        for name in job.partNames where state[name].isEmpty {
            var other = state
            other[name] = [1]
            #expect(throws: ConfigurationError.self, "\(name)") { try Self.restored(other, of: job) }
        }
    }

    @Test func `A part that the run does not have is refused`() throws {
        let settings = Self.settings("strategy fedavg")
        var state = try #require(try StrategyRunTests.run(settings, ranks: 1).states.last)
        state["stage noise"] = [1]
        #expect(
            throws: ConfigurationError("the checkpoint holds a state of 'stage noise', which this run does not have")
        ) { try state.validate(for: Job(settings)) }
    }

    @Test func `A part that remembers nothing leaves no entry`() {
        var state = RunState(RunSettings(), weights: [])
        state["battery"] = [1]
        #expect(state["battery"] == [1] && state.parts == ["battery": [1]])
        state["battery"] = []
        #expect(state["battery"].isEmpty && state.parts.isEmpty)
    }
}
