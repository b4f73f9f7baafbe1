import FedCore
import Federation
import MPI
import MPITesting
import TestSupport
import Testing

@testable import Records

/// What is said of updates that are left out.
@Suite(.tags(.wholeRun), .unlessQuick) struct RejectionTests {
    private final class Recorder: RoundObserver {
        var faults: [FaultRecord] = []
        func faulted(_ fault: FaultRecord) { faults.append(fault) }
    }

    private struct Outcome: Sendable {
        var faults: [FaultRecord] = []
        var error = ""
    }

    private static func run(_ change: (inout RunSettings) -> Void, ranks: Int = 3) throws -> Outcome {
        let settings = SessionTests.settings(change)
        return try ThreadRanks.run(ranks) { world in
            let recorder = Recorder()
            var outcome = Outcome()
            do {
                try Session.run(world.rank == 0 ? settings : nil, on: world) { _ in [recorder] }
            } catch {
                outcome.error = "\(error)"
            }
            outcome.faults = recorder.faults
            return outcome
        }[0]
    }

    @Test(arguments: [1, 3])
    func `Clients left out for one reason are one warning, with the learning rate that does it`(ranks: Int) throws {
        let outcome = try Self.run(
            {
                $0.lr = 1e38
                ($0.rounds, $0.minClients) = (2, 0)
            }, ranks: ranks)
        let rejections = outcome.faults.filter { $0.kind == .updatesRejected }
        #expect(Set(rejections.map(\.round)) == [1, 2])
        // Their reasons are of two kinds at most: a NaN, or a size.
        for round in [1, 2] {
            let warnings = rejections.filter { $0.round == round }
            #expect(warnings.count <= 2 && warnings.flatMap(\.clients).sorted() == [0, 1, 2, 3, 4, 5])
        }
        for rejection in rejections {
            let reason = try #require(rejection.reason)
            #expect(reason.contains("6 of 6 updates of the round are NaN, infinite or too large"), "\(reason)")
            #expect(reason.contains("a learning rate of 1e+38 is probably too large (--lr, --clip-gradients)"))
        }
    }

    @Test func `A run that ends for want of updates says that the learning rate is too large`() throws {
        let outcome = try Self.run {
            $0.lr = 1e38
            $0.minClients = 4
            $0.roundRetries = 0
        }
        #expect(outcome.error.hasPrefix("round 1 had 0 of the 4 updates it needs, at its first attempt; 6 of 6 upd"))
        #expect(outcome.error.contains("a learning rate of 1e+38 is probably too large"))
    }

    @Test func `One update that holds NaN is no reason to blame the learning rate`() throws {
        let outcome = try Self.run {
            $0.inject = ["nan:rank=1@round=1"]
            $0.rounds = 1
        }
        let rejections = outcome.faults.filter { $0.kind == .updatesRejected }
        #expect(rejections.count == 1 && rejections[0].clients.count == 1)
        #expect(rejections.first?.reason?.contains("learning rate") == false)
    }
}
