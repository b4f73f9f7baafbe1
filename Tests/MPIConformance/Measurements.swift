import Glibc
import MPI

/// Times what a round exchanges: a broadcast of `count` floats and a gatherv of as many from each rank but 0.
func measureExchange(_ world: any Communicator, count: Int, rounds: Int) throws {
    let isRoot = world.rank == 0
    let counts = (0..<world.size).map { $0 == 0 ? 0 : count }
    var weights = Buffer<Float>(count: count)
    var update = Buffer<Float>(count: counts[world.rank])
    var all = Buffer<Float>(count: isRoot ? counts.reduce(0, +) : 0)
    var nonBlocking: [Double] = []
    var blocking: [Double] = []
    for round in -5..<rounds {
        try world.barrier()
        var start = MPIWorld.wallClock
        weights = try world.startBroadcast(weights, root: 0).wait()
        let gathered = try world.startGatherv(update, into: all, counts: counts, root: 0).wait()
        update = gathered.send
        all = gathered.receive
        if round >= 0 { nonBlocking.append(MPIWorld.wallClock - start) }

        try world.barrier()
        start = MPIWorld.wallClock
        try world.broadcast(&weights, root: 0)
        try world.gatherv(update, into: &all, counts: counts, root: 0)
        if round >= 0 { blocking.append(MPIWorld.wallClock - start) }
    }
    guard isRoot else { return }
    print("np \(world.size), \(count) floats, \(rounds) rounds, \(MPIWorld.libraryVersion)")
    for (name, seconds) in [("non-blocking", nonBlocking.sorted()), ("blocking", blocking.sorted())] {
        let microseconds = [seconds[rounds / 2], seconds[rounds / 4], seconds[rounds * 3 / 4], seconds[0]]
            .map { Int(1e6 * $0) }
        print(
            "\(name): median \(microseconds[0]) us, quartiles \(microseconds[1])-\(microseconds[2]) us, "
                + "min \(microseconds[3]) us")
    }
}

/// Measures the processor time of ranks that wait for one that sleeps.
func measureIdleRanks(_ world: any Communicator, seconds: Int) throws {
    try world.startBarrier().wait()
    let start = MPIWorld.wallClock
    let before = processorSeconds()
    if world.rank == 0 { sleep(UInt32(seconds)) }
    _ = try world.startBroadcast(Buffer<Float>(count: 1000), root: 0).wait()
    let share = (processorSeconds() - before) / (MPIWorld.wallClock - start)
    let largest = try world.allReduce(share, .maximum)
    if world.rank == 0 {
        print("np \(world.size): idle ranks use at most \(Int((largest * 1000).rounded())) per mille of a core")
    }
}

/// User and system time of this process.
private func processorSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}
