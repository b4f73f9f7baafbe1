import MPI
import MPITesting

/// Checks the contract on the world and on duplicates that cut their transfers into small parts.
func checkContract(_ world: any Communicator) throws {
    var passed = 0
    var failures: [String] = []
    for (limit, longest) in [(nil, 1200), (1, 6), (24, 40)] {
        let checks = Checklist(longest: longest)
        let communicator = try world.duplicate()
        if let limit, let library = communicator as? LibraryCommunicator { library.maximumCount = limit }
        for contractCase in CommunicatorContract.all {
            try contractCase.run(on: communicator, checks)
            // What one case leaves behind is not to be found by the next.
            try communicator.barrier()
        }
        try communicator.free()
        passed += checks.passed
        failures += checks.failures.map { (limit.map { "parts of \($0): " } ?? "") + $0 }
    }
    try report(passed, failures, world)
}

/// Prints the failures of each rank and, on rank 0, the line with the totals of all ranks.
func report(_ passed: Int, _ failures: [String], _ world: any Communicator) throws {
    for failure in failures { print("rank \(world.rank): \(failure)") }
    let allPassed = try world.allReduce(Int64(passed), .sum)
    let allFailed = try world.allReduce(Int64(failures.count), .sum)
    if world.rank == 0 { print("\(allPassed) passed, \(allFailed) failed") }
    if allFailed > 0 { throw Failed(description: "\(allFailed) checks failed") }
}

/// Throws on one rank while the others wait for it in a collective.
func failOnOneRank(_ world: any Communicator, rank: Int) throws {
    if world.rank == rank { throw Failed(description: "failed on purpose") }
    var data = Buffer<Float>(count: 1)
    try world.broadcast(&data, root: rank)
}
