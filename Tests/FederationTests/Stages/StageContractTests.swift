import FedCore
import Federation
import Records
import Testing

/// What holds for every stage and every step hook in the catalogs.
@Suite struct StageContractTests {
    static let stages = Stages.all.map { $0.name }
    static let hooks = StepHooks.all.map { $0.name }

    static func stage(_ name: String) throws -> any UpdateStage {
        let setup = try #require(try Setups.asking(for: name), "Setups.asking(for:) does not know '\(name)'")
        let type = try #require(Stages.all.first { $0.name == name })
        let stage = try type.init(setup)
        return try #require(stage, "'\(name)' is not there when it is asked for")
    }

    static func hook(_ name: String) throws -> any StepHook {
        let setup = try #require(try Setups.asking(for: name), "Setups.asking(for:) does not know '\(name)'")
        let type = try #require(StepHooks.all.first { $0.name == name })
        let hook = try type.init(setup)
        return try #require(hook, "'\(name)' is not there when it is asked for")
    }

    @Test func `Names are unique words of the command line, and each has a line of what it does`() {
        let names = Self.stages + Self.hooks
        #expect(Set(names).count == names.count)
        for (name, summary) in Stages.all.map({ ($0.name, $0.summary) }) + StepHooks.all.map({ ($0.name, $0.summary) })
        {
            #expect(!name.isEmpty && name.allSatisfy { $0.isLowercase || $0.isNumber || $0 == "-" })
            #expect(!summary.isEmpty && !summary.contains("\n"))
        }
    }

    @Test func `Plain settings want none of them`() throws {
        for type in Stages.all {
            let stage = try type.init(Setups.setup())
            #expect(stage == nil)
        }
        for type in StepHooks.all {
            let hook = try type.init(Setups.setup())
            #expect(hook == nil)
        }
    }

    @Test(arguments: stages) func `A stage says on which side it does something, and keeps to it`(name: String) throws {
        var stage = try Self.stage(name)
        let halves = type(of: stage).halves
        #expect(!halves.isEmpty)
        if !halves.contains(.client) { #expect(stage.sent([1, 2, 3, 4, 5]) == [1, 2, 3, 4, 5]) }
        if !halves.contains(.server) {
            let weights = stage.stepped([1, 2, 3, 4, 5], from: [0, 0, 0, 0, 0]) { $1 = $0 }
            #expect(weights == [1, 2, 3, 4, 5])
        }
    }

    @Test(arguments: stages) func `A client's half is the same for the same turn, whoever was trained before`(
        name: String
    ) throws {
        let (fresh, used) = (try Self.stage(name), try Self.stage(name))
        let other = ClientTurn(client: 7, round: 2, samples: 3, seed: 42)
        _ = used.sent([5, 4, 3, 2, 1], in: other)
        #expect(fresh.sent([1, 2, 3, 4, 5]) == used.sent([1, 2, 3, 4, 5]))
    }

    @Test(arguments: stages) func `A stage takes back its state, and refuses one that is not its own`(
        name: String
    ) throws {
        var stage = try Self.stage(name)
        _ = stage.stepped([1, 2, 3, 4, 5], from: [0, 0, 0, 0, 0]) { $1 = $0 }
        var restored = try Self.stage(name)
        try restored.restoreServerState(stage.serverState)
        #expect(restored.serverState == stage.serverState)
        for damaged in [[1], [UInt8](repeating: 0xFF, count: 24)] {
            #expect(throws: ConfigurationError.self) { try restored.restoreServerState(damaged) }
        }
        #expect(restored.serverState == stage.serverState)
    }

    @Test(arguments: hooks) func `A hook says what it changes`(name: String) throws {
        let hook = try Self.hook(name)
        #expect(hook.changesGradient(ofOwnModel: false) || hook.changesSamples(of: 1))
        if !hook.changesGradient(ofOwnModel: false) { #expect(hook.corrected([3, 4]) == [3, 4]) }
    }

    @Test func `The order is that of the catalogs, and the server's is turned around`() throws {
        let settings = SessionTests.settings {
            $0.model = "edgecnn-bn"
            $0.strategy = "fedprox"
            $0.serverLr = 0.5
            $0.clipGradients = 1
            $0.attack = "sign-flip"
            $0.attackers = 1
        }
        let order = try Job(settings).stageOrder
        #expect(order.step == ["clip-gradients", "strategy-correction"])
        #expect(order.client == ["running-statistics", "forged-update"])
        #expect(order.server == ["running-statistics", "server-rate"])
        #expect(
            "\(order)" == "each step: clip-gradients, strategy-correction; client: running-statistics, forged-update; "
                + "server: running-statistics, server-rate")
        #expect(try Job(SessionTests.settings()).stageOrder.isEmpty)
    }
}
