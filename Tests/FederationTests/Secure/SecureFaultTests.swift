import Cryptography
import FedCore
import Foundation
import MPI
import MPITesting
import Recording
import Selection
import TestSupport
import Testing

@testable import Federation
@testable import Records
@testable import SecureAggregation

/// Ranks that fall silent, spoilt updates, dropouts and resumes in secured runs. A rank that is silent for longer than the time-out is lost
/// to the run, whether it is dead or not; `EndToEndTests` kill real ones.
@Suite(.tags(.wholeRun), .unlessQuick) struct SecureFaultTests {
    /// Falls silent before it sends its answers for the n-th time, until the server has found it lost.
    final class SilentCommunicator: ForwardingCommunicator {
        let base: any Communicator
        private let turn: Int
        private let isLost: DispatchSemaphore
        private var turns = 0

        init(_ base: any Communicator, at turn: Int, until isLost: DispatchSemaphore) {
            self.base = base
            self.turn = turn
            self.isLost = isLost
        }

        func start(_ transfer: Transfer) throws(MPIError) -> any PendingTransfer {
            // Answers begin with FDMU.
            if case .gatherv(let part, _, _, _) = transfer, part.byteCount >= 64,
                part.base?.load(as: UInt32.self) == 0x554D_4446
            {
                turns += 1
                if turns == turn { _ = isLost.wait(timeout: .now() + 30) }
            }
            return try base.start(transfer)
        }
    }

    /// Everybody, but for the clients of an option: `1:4 5,3:2` leaves 4 and 5 out of round 1, and 2 out of round 3.
    struct Without: SelectionRule {
        static let name = "without"
        static let summary = "everybody but some"
        private var absent: [Int: [Int]] = [:]

        mutating func read(_ options: inout OptionReader) throws(ConfigurationError) {
            for part in options.text("absent", default: "").split(separator: ",") {
                let sides = part.split(separator: ":")
                absent[Int(sides[0]) ?? 0] = sides.dropFirst().flatMap {
                    $0.split(separator: " ").compactMap { Int($0) }
                }
            }
        }

        func cohort(size: Int, round: Int, attempt: Int, federation: FederationView) -> [Int] {
            federation.candidates.filter { !(absent[round] ?? []).contains($0) }
        }
    }

    struct Outcome: Sendable {
        var digest: String?
        var records: [RoundRecord] = []
        var faults: [FaultRecord] = []
        var error: String?

        /// Clients of lost ranks that nobody else worked for, by round.
        var dropped: [Int: [Int]] {
            faults.filter { $0.kind == .rankDropped }.reduce(into: [:]) { $0[$1.round, default: []] += $1.clients }
        }
    }

    private final class Recorder: RoundObserver {
        var outcome = Outcome()
        let isLost: DispatchSemaphore
        init(_ isLost: DispatchSemaphore) { self.isLost = isLost }
        func faulted(_ fault: FaultRecord) {
            outcome.faults.append(fault)
            if fault.kind == .rankLost || fault.kind == .rankDropped { isLost.signal() }
        }
        func roundFinished(_ record: RoundRecord) { outcome.records.append(record) }
        func runFinished(_ summary: RunSummary, weights: Span<Float>) { outcome.digest = weightsDigest(weights) }
    }

    /// - Parameter turn: rank 2 falls silent before it sends its answers for this time.
    static func run(_ settings: RunSettings, ranks: Int = 4, silentAt turn: Int? = nil) throws -> Outcome {
        var plugins = Plugins.standard
        try plugins.selections.add(Without.self)
        let all = plugins
        let isLost = DispatchSemaphore(value: 0)
        return try ThreadRanks.run(ranks) { world in
            let recorder = Recorder(isLost)
            let own: any Communicator =
                world.rank == 2 ? turn.map { SilentCommunicator(world, at: $0, until: isLost) } ?? world : world
            do {
                try Session.run(world.rank == 0 ? settings : nil, plugins: all, on: own) { _ in [recorder] }
            } catch let error as TooFewUpdates {
                recorder.outcome.error = "\(error)"
            }
            return recorder.outcome
        }[0]
    }

    static func settings(_ change: (inout RunSettings) -> Void = { _ in }) -> RunSettings {
        SecureRunTests.settings {
            ($0.clients, $0.rounds, $0.failureTimeout) = (9, 3, 1)
            change(&$0)
        }
    }

    // MARK: Ranks that are lost

    @Test(arguments: ["gatherv", "reduce"], SecureTerms.Phase.allCases)
    func `A rank that is lost in any phase of a round changes no bit`(wire: String, phase: SecureTerms.Phase) throws {
        let settings = Self.settings { $0.wire = wire }
        let run = try Self.run(SecureRunTests.secured(settings), silentAt: 4 + phase.rawValue + 1)
        #expect(run.faults.contains { $0.kind == .rankLost && $0.rank == 2 && $0.round == 2 }, "\(run.faults)")
        #expect(run.digest == (try StrategyRunTests.run(settings, ranks: 1).digest))
        #expect(run.records.map(\.participants) == [9, 9, 9] && run.records.map(\.attempts) == [1, 1, 1])
    }

    @Test(arguments: [("gatherv", Fault.Phase.broadcast), ("gatherv", .train), ("reduce", .gather)])
    func `A rank that is lost as faults say changes no bit`(wire: String, phase: Fault.Phase) throws {
        let settings = Self.settings { $0.wire = wire }
        var disturbed = SecureRunTests.secured(settings)
        disturbed.inject = ["delay:rank=2@round=2,phase=\(phase.rawValue),seconds=3"]
        let run = try Self.run(disturbed)
        #expect(run.faults.contains { $0.kind == .rankLost && $0.rank == 2 }, "\(run.faults)")
        #expect(run.digest == (try StrategyRunTests.run(settings, ranks: 1).digest))
    }

    /// With the policy drop a lost rank's clients have dropped out of the phase; the sum is that of the others. Those that are lost when
    /// their vectors are here are in it.
    @Test(arguments: [
        ("gatherv", SecureTerms.Phase.keys), ("gatherv", .shares), ("gatherv", .vector), ("gatherv", .unmasking),
        ("reduce", .shares), ("reduce", .vector),
    ])
    func `With the policy drop the weights are those of the plain run without the lost rank's clients`(
        wire: String, phase: SecureTerms.Phase
    ) throws {
        let settings = Self.settings { ($0.wire, $0.onFailure) = (wire, .drop) }
        let run = try Self.run(SecureRunTests.secured(settings), silentAt: 4 + phase.rawValue + 1)
        let dropped = run.dropped
        #expect(Array(dropped.keys) == [2] && dropped[2]?.count == 3, "\(dropped)")
        var others = settings
        others.selection = "without"
        if phase != .unmasking {
            let absent = (dropped[2] ?? []).map(String.init).joined(separator: " ")
            others.selectionOptions = ["absent": "2:\(absent)"]
        }
        let plain = try Self.run(others, ranks: 1)
        #expect(plain.digest != nil && run.digest == plain.digest)
        #expect(run.records.map(\.participants) == [9, phase == .unmasking ? 9 : 6, 9])
        #expect(run.records.map(\.dropped) == [0, phase == .unmasking ? 0 : 3, 0])
    }

    // MARK: Spoilt updates

    @Test(arguments: ["gatherv", "reduce"]) func `A client whose update has a NaN is left out by itself`(wire: String)
        throws
    {
        try SecureRunTests.expectPlainWeights(
            Self.settings { ($0.wire, $0.inject) = (wire, ["nan:rank=2@round=2"]) }, ranks: [3])
    }

    @Test(arguments: ["gatherv", "reduce"]) func `A damaged vector is left out, or the sum that it is in`(wire: String)
        throws
    {
        let settings = Self.settings { ($0.wire, $0.inject, $0.minClients) = (wire, ["corrupt:rank=2@round=2"], 0) }
        let records = try SecureRunTests.expectPlainWeights(settings, ranks: [3])
        #expect(records.map(\.rejected) == [0, wire == "reduce" ? 9 : 1, 0])
    }

    @Test(arguments: ["gatherv", "reduce"]) func `A round that comes to nothing is repeated with new keys`(wire: String)
        throws
    {
        let settings = Self.settings { ($0.wire, $0.inject) = (wire, ["nan:rank=1@round=2", "nan:rank=2@round=2"]) }
        // All nine are wanted, and faults come again at each attempt.
        let run = try Self.run(
            SecureRunTests.secured(settings).changed { ($0.minClients, $0.roundRetries) = (9, 1) }, ranks: 3)
        #expect(run.error == "round 2 had 0 of the 9 updates it needs, at attempt 2")
        #expect(run.records.map(\.participants) == [9])
        #expect(
            run.faults.contains { $0.reason?.contains("7 clients are left where 9 are needed") ?? false },
            "\(run.faults)")
    }

    // MARK: Dropouts and resumes

    @Test(arguments: [1, 4]) func `With too many dropouts the run ends with a reason`(ranks: Int) throws {
        let run = try Self.run(
            SecureRunTests.secured(Self.settings { ($0.dropProb, $0.roundRetries) = (0.8, 1) }), ranks: ranks)
        #expect(run.error == "round 1 had 0 of the 1 updates it needs, at attempt 2")
        #expect(run.digest == nil && run.records.isEmpty)
        let reasons = run.faults.filter { $0.kind == .updatesRejected }.compactMap(\.reason)
        #expect(reasons.contains { $0.contains("are left where 5 are needed") }, "\(run.faults)")
    }

    @Test func `With no least number a round beyond the threshold changes nothing, and the next goes on`() throws {
        let settings = SecureRunTests.secured(Self.settings { ($0.dropProb, $0.minClients, $0.rounds) = (0.5, 0, 6) })
        let run = try Self.run(settings)
        #expect(run.records.count == 6 && run.digest != nil && run.error == nil)
        #expect(run.records.contains { $0.participants == 0 } && run.records.contains { $0.participants >= 5 })
        #expect(run.records.allSatisfy { $0.participants == 0 || $0.participants >= 5 })
        for record in run.records { #expect(record.participants + record.dropped + record.rejected == 9) }
        #expect(try Self.run(settings, ranks: 1).digest == run.digest)
    }

    @Test(arguments: ["gatherv", "reduce"]) func `Every state on the way leads to the same end, at other ranks`(
        wire: String
    ) throws {
        let settings = Self.settings { ($0.wire, $0.dropProb, $0.clients) = (wire, 0.15, 12) }
        let whole = try StrategyRunTests.run(SecureRunTests.secured(settings), ranks: 3)
        #expect(whole.digest == (try StrategyRunTests.run(settings, ranks: 1).digest))
        for (state, ranks) in zip(whole.states.dropLast(), [1, 4]) {
            let read = try Checkpoint.decode(Checkpoint.encode(SavedRun(state))).state
            #expect(read.settings.secureAggregation)
            let rest = try StrategyRunTests.run(read.settings, ranks: ranks, from: read)
            #expect(rest.digest == whole.digest, "after round \(state.round)")
        }
    }
}

extension RunSettings {
    func changed(_ change: (inout RunSettings) -> Void) -> RunSettings {
        var settings = self
        change(&settings)
        return settings
    }
}
