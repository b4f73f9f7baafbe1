import Foundation

/// What the launcher said in the environment, before MPI is initialised.
enum Launch {
    /// Open MPI's mpirun, MPICH's hydra, PMIx launchers, Slurm's srun.
    private static let rankVariables = ["OMPI_COMM_WORLD_RANK", "PMI_RANK", "PMIX_RANK", "SLURM_PROCID"]

    private static let launchedRank = rankVariables.lazy
        .compactMap { ProcessInfo.processInfo.environment[$0].flatMap { Int($0) } }.first

    static var rank: Int { launchedRank ?? 0 }
    static var isUnderLauncher: Bool { launchedRank != nil }
}
