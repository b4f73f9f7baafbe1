// Tests of the MPI module over a real MPI library. Run as
//     mpirun -n 1|2|4|6 mpi-conformance                        the contract of communicators, whole and in parts
//     mpirun -n 2 mpi-conformance --large                      transfers past 2³¹ bytes and elements, about 8 GiB
//     mpirun -n 6 mpi-conformance --exchange <floats> <rounds> time of a broadcast and a gatherv
//     mpirun -n 6 mpi-conformance --idle <seconds>             processor time of ranks that wait
//     mpirun -n 4 mpi-conformance --fail <rank>                an error on one rank ends the job
//     mpirun --enable-recovery -n 4 mpi-conformance --lose <rank>   the others outlive a killed rank (Open MPI)
import MPI

let arguments = Array(CommandLine.arguments.dropFirst())

/// The n-th argument as a number at least 0.
func number(_ index: Int, or standard: Int) -> Int {
    arguments.indices.contains(index) ? Int(arguments[index]).flatMap { $0 >= 0 ? $0 : nil } ?? standard : standard
}

struct Failed: Error, CustomStringConvertible {
    let description: String
}

MPIWorld.run { world in
    switch arguments.first {
    case nil: try checkContract(world)
    case "--large": try checkLargeTransfers(world)
    case "--exchange": try measureExchange(world, count: number(1, or: 214_538), rounds: number(2, or: 200))
    case "--idle": try measureIdleRanks(world, seconds: number(1, or: 3))
    case "--fail": try failOnOneRank(world, rank: number(1, or: 0))
    case "--lose": try loseOneRank(world, rank: number(1, or: world.size - 1))
    case .some(let option): throw Failed(description: "unknown option \(option)")
    }
}
