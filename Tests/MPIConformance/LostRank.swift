import Glibc
import MPI

/// Kills a rank other than 0 in the middle of the job; the others notice by a deadline and go on without it.
func loseOneRank(_ world: any Communicator, rank lost: Int) throws {
    guard lost > 0, lost < world.size else { throw Failed(description: "no rank \(lost) to lose") }
    try world.barrier()
    if world.rank == lost {
        kill(getpid(), SIGKILL)
    }
    let count = 100_000
    var down = try world.startAllReduce(Buffer<Float>(count: count), .sum)
    guard try !down.wait(until: .now + .milliseconds(500)) else {
        throw Failed(description: "an exchange with a dead rank is complete")
    }
    down.abandon()

    let ranks = (0..<world.size).filter { $0 != lost }
    guard let survivors = try world.createGroup(ranks, tag: 1) else {
        throw Failed(description: "no communicator of survivors")
    }
    var up = try survivors.startAllReduce(Buffer<Float>([Float](repeating: 1, count: count)), .sum)
    guard try up.wait(until: .now + .seconds(10)), try up.wait()[count - 1] == Float(ranks.count) else {
        throw Failed(description: "the survivors did not exchange")
    }
    if survivors.rank == 0 { print("\(ranks.count) ranks go on without rank \(lost)") }
    // Finalising would wait for the dead.
    MPIWorld.exitWithoutFinalizing(code: 0)
}
