import CProcess
import Foundation
import MPI

/// What the launcher said in the environment, before MPI is initialised.
enum Launch {
    /// Open MPI's mpirun, MPICH's hydra, PMIx launchers, Slurm's srun.
    private static let rankVariables = ["OMPI_COMM_WORLD_RANK", "PMI_RANK", "PMIX_RANK", "SLURM_PROCID"]

    private static let launchedRank = rankVariables.lazy
        .compactMap { ProcessInfo.processInfo.environment[$0].flatMap { Int($0) } }.first

    /// Looks now: a lone process that initialises MPI finds itself described as rank 0 of a job.
    static func look() { _ = launchedRank }

    /// Ends a job that has lost ranks and done its work; finalising MPI would wait for the lost.
    /// - Parameters:
    ///   - code: what the launcher returns, by the word of the rank that ends the job.
    ///   - endsJob: whether this rank is the one; asked again, since the one may be lost.
    static func leaveBehindLostRanks(code: Int32 = 0, endsJob: () -> Bool = { rank == 0 }) -> Never {
        if case .recovery = Guardian.policy { MPIWorld.exitWithoutFinalizing(code: Int(code)) }
        if !endsJob() {
            // The launcher may take a rank that leaves for one that failed: this one stays until the server ends the job.
            StopSignals.lower()
            let launcher = getppid()
            while getppid() == launcher, !endsJob() { sleep(1) }
            if getppid() != launcher { _exit(0) }
        }
        Thread.sleep(forTimeInterval: 0.3)  // the launcher drops what it has not read yet
        // A lost rank may only be stopped, and the launcher would wait for it: it is told to end whoever is left.
        if case .guarded = Guardian.policy { pmix_end_job(code) }
        MPIWorld.abort(code: Int(code))
    }

    static var rank: Int { launchedRank ?? 0 }
    static var isUnderLauncher: Bool { launchedRank != nil }
}
