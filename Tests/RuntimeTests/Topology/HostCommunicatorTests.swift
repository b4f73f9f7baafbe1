import MPI
import MPITesting
import Testing

@testable import Runtime

@Suite struct HostCommunicatorTests {
    /// The communicator of a rank, and of its messages.
    private static func near(_ world: any Communicator) throws -> HostCommunicator {
        HostCommunicator(world, messages: try world.duplicate(), tag: 8)
    }

    @Test(arguments: CommunicatorContract.all)
    func `Ranks of one host keep the contract of communicators`(_ contractCase: ContractCase) throws {
        for size in [1, 3] where size >= contractCase.minimumSize {
            let failures = try ThreadRanks.run(size) { world in
                let checks = Checklist()
                try contractCase.run(on: Self.near(world), checks)
                return checks.failures
            }
            #expect(failures.count == size)
            #expect(failures.flatMap { $0 }.isEmpty, "\(size) ranks")
        }
    }

    @Test(arguments: [HostCommunicator.leastBytes - 1, HostCommunicator.leastBytes, 1 << 20])
    func `A broadcast of any length arrives whole, two behind one another in their order`(byteCount: Int) throws {
        let ends = try ThreadRanks.run(4) { world -> [UInt8] in
            let near = try Self.near(world)
            func bytes(_ last: UInt8) -> Buffer<UInt8> {
                var bytes = Buffer<UInt8>(count: byteCount)
                if world.rank == 0 { bytes[byteCount - 1] = last }
                return bytes
            }
            let first = try near.startBroadcast(bytes(7), root: 0)
            let second = try near.startBroadcast(bytes(9), root: 0)
            let later = try second.wait()
            let earlier = try first.wait()
            return [earlier[byteCount - 1], later[byteCount - 1]]
        }
        #expect(ends == [[UInt8]](repeating: [7, 9], count: 4))
    }
}
