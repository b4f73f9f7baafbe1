import Codecs
import FedCore
import Records
import TestSupport
import Testing

@testable import Federation

/// Codecs one after the other: when the next one begins, and that all ranks agree on it.
@Suite struct CodecScheduleTests {
    private static func schedule() -> CodecSchedule { CodecSchedule(["coarse", "middle", "fine"]) }

    /// What `begin` says of each round, when these are the losses of the rounds from 1 on.
    private static func levels(_ losses: [Double?], rounds: Int, lag: Int = 1) -> [Int] {
        var schedule = schedule()
        var levels: [Int] = []
        for round in 1...rounds {
            // Known at a round's beginning: everything up to `lag` rounds before.
            if round > lag, round - lag <= losses.count {
                schedule.note(round - lag, loss: losses[round - lag - 1])
            }
            _ = schedule.begin(round)
            levels.append(schedule.level)
        }
        return levels
    }

    @Test func `The next codec begins when the loss has not fallen by a hundredth twice`() {
        // 1.0 is the best; 0.995 and 0.991 are less than a hundredth below it. The fourth round's loss is known in the sixth.
        #expect(Self.levels([1.1, 1.0, 0.995, 0.991, 0.5, 0.4], rounds: 8) == [0, 0, 0, 0, 0, 1, 1, 1])
        // Slow progress is progress: each is a hundredth below the best.
        #expect(Self.levels([1, 0.989, 0.978, 0.967, 0.956], rounds: 7) == [0, 0, 0, 0, 0, 0, 0])
        // The finest stays.
        #expect(Self.levels([1, 1, 1, 1, 1, 1, 1, 1, 1], rounds: 11) == [0, 0, 0, 0, 1, 1, 2, 2, 2, 2, 2])
        // A loss that is not finite is no progress.
        #expect(Self.levels([1, nil, nil], rounds: 5) == [0, 0, 0, 0, 1])
    }

    /// Where other ranks train, a round is evaluated during the next; alone, before it.
    @Test func `It does not matter whether a loss is known one round earlier`() {
        let losses: [Double?] = [1, 0.9, 0.9, 0.9, 0.9, 0.5, 0.5, 0.5]
        #expect(Self.levels(losses, rounds: 10, lag: 1) == Self.levels(losses, rounds: 10, lag: 2))
    }

    @Test func `Its state comes back, and no other bytes do`() throws {
        var schedule = Self.schedule()
        for round in 1...4 { schedule.note(round, loss: 1) }
        #expect(schedule.begin(5) != nil)
        schedule.note(5, loss: 0.9)
        var copy = Self.schedule()
        try copy.restoreServerState(schedule.serverState)
        #expect(copy.serverState == schedule.serverState && copy.level == 1)
        for round in 6...9 {
            #expect(copy.begin(round) == schedule.begin(round), "\(round)")
            copy.note(round, loss: 0.9)
            schedule.note(round, loss: 0.9)
        }
        let zeros = [UInt8](repeating: 0, count: 23)
        for state in [Array(zeros[..<7]), [9] + zeros, [UInt8](repeating: 255, count: 24)] {
            #expect(throws: ConfigurationError.self) { try copy.restoreServerState(state) }
        }
    }

    private static func settings(_ codec: String, _ change: (inout RunSettings) -> Void = { _ in }) -> RunSettings {
        SessionTests.settings {
            $0.clients = 6
            $0.rounds = 9
            $0.evalEvery = 1
            // So small that the loss stalls at once.
            $0.lr = 1e-5
            $0.compress = codec
            change(&$0)
        }
    }

    @Test(.tags(.wholeRun), .unlessQuick, arguments: ["auto", "topk 1% | ternary; deflate; eden 4", "f16; qsgd 4"])
    func `All ranks change the codec in the same round, after a resume too`(codec: String) throws {
        let settings = Self.settings(codec)
        let alone = try SessionTests.run(settings, ranks: 1)
        let levels = alone.records.map { $0[.codecLevel] }
        #expect(levels.first == 0 && levels.last.map { ($0 ?? 0) > 0 } == true)
        for ranks in [2, 4] {
            let run = try SessionTests.run(settings, ranks: ranks)
            #expect(run.digest == alone.digest && run.digest != nil, "\(ranks) ranks")
            #expect(run.records.map { $0[.codecLevel] } == levels, "\(ranks) ranks")
            #expect(run.records.map(\.uploadBytes) == alone.records.map(\.uploadBytes), "\(ranks) ranks")
        }
        try StrategyRunTests.withFolder { folder in
            let whole = try StrategyRunTests.run(settings, ranks: 3, folder: folder)
            #expect(whole.digest == alone.digest)
            for state in whole.states.dropLast().reversed() {
                for ranks in [1, 2] {
                    let rest = try StrategyRunTests.run(state.settings, ranks: ranks, from: state, folder: folder)
                    #expect(rest.digest == whole.digest, "after round \(state.round), \(ranks) ranks")
                }
            }
        }
    }

    @Test func `What cannot change is refused`() throws {
        let changes: [(inout RunSettings) -> Void] = [
            { $0.strategy = "fedbuff" }, { $0.strategy = "fedper" },
            {
                $0.compress = nil
                $0.compressDown = "auto"
            },
            { $0.wire = "reduce" }, { $0.compress = "int8;" }, { $0.compress = "int8; nope" },
            { $0.compress = "auto; int8" },
        ]
        for change in changes {
            #expect(throws: ConfigurationError.self) { try Job(Self.settings("auto", change)) }
        }
    }
}
