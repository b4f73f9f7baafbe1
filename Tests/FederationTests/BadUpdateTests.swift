import FedCore
import Federation
import MPI
import MPITesting
import TestSupport
import Testing

@testable import Records

/// Whole rounds in which one client's update arrives damaged.
@Suite(.tags(.wholeRun), .unlessQuick) struct BadUpdateTests {
    /// Changes one byte of what this rank sends up.
    final class DamagingCommunicator: ForwardingCommunicator {
        let base: any Communicator
        private let index: Int

        init(_ base: any Communicator, index: Int) {
            self.base = base
            self.index = index
        }

        func start(_ transfer: Transfer) throws(MPIError) -> any PendingTransfer {
            if case .gatherv(let part, _, _, _) = transfer, part.count > index, let base = part.base {
                let byte = base.load(fromByteOffset: index, as: UInt8.self)
                base.storeBytes(of: ~byte, toByteOffset: index, as: UInt8.self)
            }
            return try base.start(transfer)
        }
    }

    final class Recorder: RoundObserver {
        var records: [RoundRecord] = []
        var rejections: [String] = []

        func roundFinished(_ record: RoundRecord) { records.append(record) }
        func faulted(_ fault: FaultRecord) {
            guard fault.kind == .updatesRejected else { return }
            rejections.append("round \(fault.round), clients \(fault.clients): \(fault.reason ?? "")")
        }
    }

    @Test(arguments: [
        (0, "it does not begin as an update does"), (4, "it is of version"), (10, "it was damaged"),
        (40, "it holds"), (50, "it was damaged"), (1000, "it was damaged"),
    ])
    func `A damaged update is left out with its reason, and the round goes on`(index: Int, reason: String) throws {
        let settings = SessionTests.settings {
            $0.rounds = 2
            $0.clients = 3
        }
        let outcomes = try ThreadRanks.run(4) { communicator -> (records: [RoundRecord], rejections: [String]) in
            let recorder = Recorder()
            let damaged = communicator.rank == 2
            try Session.run(
                communicator.rank == 0 ? settings : nil,
                on: damaged ? DamagingCommunicator(communicator, index: index) : communicator
            ) { _ in [recorder] }
            return (recorder.records, recorder.rejections)
        }
        #expect(outcomes[0].records.map(\.rejected) == [1, 1])
        #expect(outcomes[0].records.map(\.participants) == [2, 2])
        #expect(outcomes[0].rejections.count == 2)
        #expect(outcomes[0].rejections.allSatisfy { $0.contains(reason) }, "\(outcomes[0].rejections)")
    }
}
