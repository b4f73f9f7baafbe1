import MPI
import MPITesting

let arguments = Array(CommandLine.arguments.dropFirst())
let failures = MPIWorld.run { world in
    switch arguments.first {
    case nil: try runContract(world)
    default: 0
    }
}
func runContract(_ world: any Communicator) throws -> Int {
    let checks = Checklist()
    for contractCase in CommunicatorContract.all {
        try contractCase.run(on: world, checks)
        try world.barrier()
    }
    for f in checks.failures { print("rank", world.rank, f) }
    if world.rank == 0 { print("\(checks.passed) passed, \(checks.failures.count) failed") }
    return checks.failures.count
}
