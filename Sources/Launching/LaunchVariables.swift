/// What the environment tells about who started this process, and beside how many others.
///
/// It is a function of the environment alone, so that tests can pass any launcher's variables. The launchers do not
/// agree on names, and resource managers set theirs also where nothing was launched.
struct LaunchVariables: Equatable {
    /// The rank; nil when no launcher started this process.
    let rank: Int?
    /// The number of processes of the job; nil when the launcher does not say.
    let size: Int?
    /// The place among the processes of this host, from 0; 0 where the launcher does not say.
    let localRank: Int
    /// Whether Open MPI's mpirun started this process.
    let isOpenMPI: Bool
    /// Whether the launcher started other programs beside this one, or this one with other arguments.
    let isOneOfSeveralPrograms: Bool
    /// Whether there is a server from which an MPI library can learn of the other processes: PMIx, or PMI by a
    /// descriptor or a port.
    let isServed: Bool

    /// Names of the variables with rank and size, of launchers that set both; the first pair that is there counts.
    private static let pairs = [
        ("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"),  // Open MPI's mpirun
        ("PMI_RANK", "PMI_SIZE"),  // MPICH's, Intel's and Cray's mpiexec, Slurm's PMI-2
        ("MV2_COMM_WORLD_RANK", "MV2_COMM_WORLD_SIZE"),  // MVAPICH's mpirun_rsh
        ("FLUX_TASK_RANK", "FLUX_JOB_SIZE"),
        ("JSM_NAMESPACE_RANK", "JSM_NAMESPACE_SIZE"),  // IBM's jsrun
        ("PALS_RANKID", "PALS_SIZE"),
        ("PMIX_RANK", "PMIX_SIZE"),
    ]

    /// Reads the variables.
    ///
    /// - Parameter environment: names and values, as in `ProcessInfo.environment`.
    init(_ environment: [String: String]) {
        func number(_ name: String) -> Int? { environment[name].flatMap { Int($0) } }
        localRank = number("OMPI_COMM_WORLD_LOCAL_RANK") ?? 0
        isOpenMPI = environment["OMPI_COMM_WORLD_SIZE"] != nil
        isOneOfSeveralPrograms = number("OMPI_NUM_APP_CTX") ?? 1 > 1
        isServed = ["PMIX_NAMESPACE", "PMI_FD", "PMI_PORT"].contains { environment[$0] != nil }
        let isStep = environment["SLURM_STEP_ID"] != nil || environment["SLURM_STEPID"] != nil
        var (rank, size): (Int?, Int?)
        for (ofRank, ofSize) in Self.pairs where rank == nil {
            rank = number(ofRank)
            size = rank == nil ? nil : number(ofSize)
        }
        // Slurm's are there in a batch script, too, which is one process, whatever the job has.
        if let place = number("SLURM_PROCID"), rank == nil || size == nil {
            rank = rank ?? place
            size = isStep ? number("SLURM_STEP_NUM_TASKS") ?? number("SLURM_NTASKS") : place == 0 ? 1 : nil
        }
        self.rank = rank
        self.size = size
    }

    /// Whether no other process was started with this one: in a shell, also in one within a Slurm job.
    ///
    /// A job of one rank under Open MPI's launcher does not count as alone, because it has a server that MPI must ask.
    var isAlone: Bool { rank == nil || (size == 1 && !isOpenMPI) }

    /// The line that explains why MPI knows of this process only, although others were started with it.
    ///
    /// - Parameter library: the MPI library's name and version.
    /// - Returns: nil when it was started alone.
    func severalSingletons(library: String) -> String? {
        guard size ?? 1 > 1 || rank ?? 0 > 0 else { return nil }
        let count = size.map { "\($0) processes" } ?? "several processes"
        let isMPICH = library.hasPrefix("MPICH")
        let name = library.split(whereSeparator: { $0 == "," || $0 == ":" }).first.map(String.init) ?? library
        let launcher = isMPICH ? "MPICH's mpiexec" : "Open MPI's mpirun, or srun --mpi=pmix"
        return "the launcher started \(count) and each knows only of itself: this fedmpi is linked with \(name); "
            + "start it by \(launcher)"
    }

    /// Variables by which Open MPI takes a process for one of a job whose server it must ask; it fails where there is
    /// none.
    static let misleading = [
        "SLURM_NODELIST", "SLURM_STEP_ID", "FLUX_JOB_ID", "PMIX_NAMESPACE", "PMIX_RANK", "PMIX_SERVER_URI",
        "PMIX_SERVER_URI2",
        "PMIX_SERVER_URI21", "PMIX_SERVER_URI3", "PMIX_SERVER_URI4", "PMIX_SERVER_URI41",
    ]
}
