import Foundation

/// What the launcher said in the environment, before MPI is initialised.
enum Launch {
    /// Open MPI's mpirun, MPICH's hydra, PMIx launchers, Slurm's srun.
    private static let rankVariables = ["OMPI_COMM_WORLD_RANK", "PMI_RANK", "PMIX_RANK", "SLURM_PROCID"]

    private static let launchedRank = rankVariables.lazy
        .compactMap { ProcessInfo.processInfo.environment[$0].flatMap { Int($0) } }.first

    /// Looks now: a lone process that initialises MPI finds itself described as rank 0 of a job.
    static func look() { _ = launchedRank }

    static var rank: Int { launchedRank ?? 0 }
    static var isUnderLauncher: Bool { launchedRank != nil }
}
