import MPI
import MPITesting
import Testing

@Suite struct CommunicatorContractTests {
    @Test(arguments: CommunicatorContract.all)
    func `rank threads keep the contract`(_ contractCase: ContractCase) throws {
        for size in [1, 2, 3, 5] where size >= contractCase.minimumSize {
            let failures = try ThreadRanks.run(size) { world in
                let checks = Checklist()
                try contractCase.run(on: world, checks)
                return checks.failures
            }
            #expect(failures.count == size)
            #expect(failures.flatMap { $0 }.isEmpty, "\(size) ranks")
        }
    }

    @Test(arguments: CommunicatorContract.all)
    func `the loopback keeps the contract`(_ contractCase: ContractCase) throws {
        let checks = Checklist()
        try contractCase.run(on: LoopbackCommunicator(), checks)
        #expect(checks.failures.isEmpty)
        #expect(checks.passed > 0 || contractCase.minimumSize > 1)
    }
}
