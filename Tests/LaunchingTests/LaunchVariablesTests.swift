import Testing

@testable import Launching

/// The variables are those that the launchers' manuals list.
@Suite struct LaunchVariablesTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let variables: [String: String]
        let rank: Int?
        let size: Int?
        let isAlone: Bool
        /// When MPI knows of one process.
        let isRefused: Bool
        var testDescription: String { name }
    }

    private static let step = ["SLURM_JOB_ID": "7", "SLURM_STEP_ID": "0", "SLURM_STEPID": "0"]

    static let cases = [
        Case(name: "a shell", variables: [:], rank: nil, size: nil, isAlone: true, isRefused: false),
        Case(
            name: "Open MPI's mpirun", variables: ["OMPI_COMM_WORLD_RANK": "2", "OMPI_COMM_WORLD_SIZE": "4"], rank: 2,
            size: 4, isAlone: false, isRefused: true),
        Case(
            name: "Open MPI's mpirun of one",
            variables: ["OMPI_COMM_WORLD_RANK": "0", "OMPI_COMM_WORLD_SIZE": "1", "PMIX_RANK": "0"], rank: 0, size: 1,
            isAlone: false, isRefused: false),
        Case(
            name: "hydra", variables: ["PMI_RANK": "1", "PMI_SIZE": "3", "PMI_FD": "6"], rank: 1, size: 3,
            isAlone: false, isRefused: true),
        Case(
            name: "hydra, the first", variables: ["PMI_RANK": "0", "PMI_SIZE": "3"], rank: 0, size: 3, isAlone: false,
            isRefused: true),
        Case(
            name: "hydra of one", variables: ["PMI_RANK": "0", "PMI_SIZE": "1"], rank: 0, size: 1, isAlone: true,
            isRefused: false),
        Case(
            name: "srun", variables: step.merging(["SLURM_PROCID": "0", "SLURM_STEP_NUM_TASKS": "3"]) { $1 }, rank: 0,
            size: 3, isAlone: false, isRefused: true),
        Case(
            name: "srun of one in a job of many",
            variables: step.merging(["SLURM_PROCID": "0", "SLURM_STEP_NUM_TASKS": "1", "SLURM_NTASKS": "17"]) { $1 },
            rank: 0, size: 1, isAlone: true, isRefused: false),
        Case(
            name: "an interactive srun shell",
            variables: step.merging(["SLURM_PROCID": "0", "SLURM_NTASKS": "1"]) { $1 }, rank: 0, size: 1, isAlone: true,
            isRefused: false),
        Case(
            name: "a batch script of a job of many",
            variables: ["SLURM_JOB_ID": "7", "SLURM_PROCID": "0", "SLURM_NTASKS": "17"], rank: 0, size: 1,
            isAlone: true,
            isRefused: false),
        Case(
            name: "PALS, the second", variables: ["PALS_RANKID": "1"], rank: 1, size: nil, isAlone: false,
            isRefused: true),
        Case(
            name: "srun with PMIx",
            variables: step.merging(["SLURM_PROCID": "1", "SLURM_STEP_NUM_TASKS": "3", "PMIX_RANK": "1"]) { $1 },
            rank: 1,
            size: 3, isAlone: false, isRefused: true),
    ]

    @Test(arguments: cases)
    func `A launcher is known by its variables`(launch: Case) {
        let variables = LaunchVariables(launch.variables)
        #expect(variables.rank == launch.rank && variables.size == launch.size)
        #expect(variables.isAlone == launch.isAlone)
        #expect((variables.severalSingletons(library: "Open MPI v4.1.4, package: x") != nil) == launch.isRefused)
    }

    @Test func `The refusal names the library and what would start it`() {
        let variables = LaunchVariables(["PMI_RANK": "0", "PMI_SIZE": "3"])
        let openMPI = variables.severalSingletons(library: "Open MPI v4.1.4, package: Debian OpenMPI")
        #expect(openMPI?.contains("3 processes") == true && openMPI?.contains("Open MPI v4.1.4;") == true)
        let mpich = variables.severalSingletons(library: "MPICH Version: 4.0.2")
        #expect(mpich?.contains("MPICH's mpiexec") == true)
    }
}
