import ArgumentParser
import Datasets
import FedCore
import Federation
import Foundation
import Launching
import MPI
import NeuralNet
import Recording
import Records
import RunStore
import Runtime
import Serving

/// The command `fedmpi serve`: serves trained models on a fleet of devices.
///
/// Each device gets the most accurate variant that fits its budget, answers a load of requests, and changes to a
/// faster variant when latencies pass the target. Rank 0 hands the work out (`FleetSession`): hosts are measured,
/// the ranks count the models' accuracies, then each rank serves as its devices, each device a process of its own
/// (``ServeDevice``).
///
/// Prints tables or one JSON object; writes `fleet.json`, `fleet.csv` and pictures into a new folder of the
/// results folder. Exit codes: 0 every device has served, but for those that no model fits; 1 none has, or files
/// cannot be written; 2 no model fits any device, or options, models or data do not work; 3 some devices are
/// missing; 128 + n after signal n, with what had been served in the files.
struct Serve: WorldCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Serve models on a fleet: each device gets what fits it.",
        discussion: """
            mpirun -np 6 fedmpi serve --models results/a,results/b --profiles profiles.yaml
            fedmpi serve --models results/large,results/small --gflops 2 --rate 50,500,50
            mpirun -np 4 fedmpi serve --models NAME@champion --follow --rate 9 --seconds 60

            `fedmpi help profiles` lists what a file of devices may state, `fedmpi help tiers` how large a model a device takes.
            """)

    /// Paths of the models, separated by commas; distinct.
    @Option(help: "Trained models, of any precision: file,file, or the folders of runs.")
    var models: String

    @OptionGroup(title: "Devices") var deviceOptions: DeviceOptions
    @OptionGroup(title: "Budget") var budgetOptions: BudgetOptions
    @OptionGroup(title: "Load") var loadOptions: LoadOptions

    @OptionGroup(title: "Following") var following: FollowOptions

    @OptionGroup var data: TestDataOptions

    /// Number of test images for the accuracies, from the first on; nil takes all.
    @Option(help: "Test images that the models' accuracy is taken over. (default: all)")
    var testImages: Int?

    @Option(help: "Seed of the requests' arrivals.")
    var seed: UInt64 = RunSettings().seed

    /// Devices of one host that serve at the same time, ≥ 1. With one, times are those of a device that has the
    /// host to itself. Devices that follow an alias serve together, since one that waits for its turn tries nothing.
    @Option(
        help:
            "Devices of one host that serve at the same time; each disturbs the others' times. (default: 1, with --follow all)"
    )
    var atOnce: Int?

    @Flag(
        help: "Put no limits on the devices' processes: simulate a CPU share, and leave memory and cores as they are.")
    var noLimits = false

    /// Seconds, 1 to 86,400.
    @Option(
        help: "Seconds of silence after which a rank is lost, and for which a device's process may be stopped.")
    var failureTimeout = RunSettings().failureTimeout

    @Option(help: "Folder of all runs.")
    var results = "results"

    @Option(help: "Name of the folder in it. (default: date and time)")
    var runName: String?

    @Flag(help: "Print one JSON object instead of tables.")
    var json = false

    @Flag(help: "Also print why each device has its tier, its limits and its model.")
    var verbose = false

    /// Refuses values out of range, before MPI is initialised.
    func validate() throws {
        if let atOnce, atOnce < 1 { throw ConfigurationError("--at-once must be at least 1") }
        if let testImages, testImages < 1 { throw ConfigurationError("--test-images must be at least 1") }
        guard (1...86_400).contains(failureTimeout) else {
            throw ConfigurationError("--failure-timeout is \(failureTimeout); it must be from 1 to 86400 s")
        }
    }

    /// Serves the fleet. Collective.
    ///
    /// Files are read before the folder is made, so a typing error leaves no folder behind; nor does a signal
    /// that comes before a device had served.
    ///
    /// - Parameter world: All ranks. Alone, rank 0 serves as the devices itself.
    /// - Returns: On rank 0, tables and files, to be made once MPI is finalised; nil on other ranks.
    /// - Throws: `ConfigurationError` on every rank alike when one cannot read what it needs; `Interruption`.
    func run(on world: any Communicator) throws -> (() -> Int32)? {
        let stop = StopSignals.raiseFlag()
        var job: ServingJob?
        var folder: URL?
        var pinned: PinnedModels?
        if following.follow {
            pinned = try PinnedModels.shared(models, results: results, on: world).get()
            guard let pinned, pinned.models.contains(where: { $0.alias != nil }) else {
                throw ConfigurationError(
                    "--follow follows aliases of registered models, and --models has none: say NAME@champion")
            }
        }
        let problem = try world.agree {
            job = try ServingJob(self, rank: world.rank, ranks: world.size, pinned: pinned)
        }
        if let problem { throw problem }
        let refusal = try world.agree {
            guard world.rank == 0 else { return }
            folder = try RunFolder.make(results: results, name: runName)
        }
        if let refusal { throw refusal }
        guard let job else { preconditionFailure("every rank agreed, and this one has no job") }
        do {
            return try serve(job, into: folder, on: world, stop)
        } catch let interruption as Interruption {
            // Nothing was written into it, unless devices have served.
            if let folder, rmdir(folder.path) == 0 {
                Console.error("fedmpi: \(interruption) before a device had served")
            }
            throw interruption
        }
    }

    /// Runs the session, and makes the outcome on rank 0.
    ///
    /// After an interruption the outcome is carried out at once: the launcher kills soon after its signal.
    ///
    /// - Parameters:
    ///   - job: Models, data and devices.
    ///   - folder: The run's folder, on rank 0; nil elsewhere.
    ///   - world: All ranks.
    ///   - stop: Flag that a signal raises.
    /// - Throws: `Interruption` when the run was stopped, after its files are written.
    private func serve(
        _ job: ServingJob, into folder: URL?, on world: any Communicator, _ stop: StopFlag
    ) throws -> (() -> Int32)? {
        let limits = DeviceProcess.Limits(whole: job.longestSeconds, stopped: failureTimeout)
        let atOnce = atOnce ?? (following.follow ? .max : 1)
        var plan = job.plan(
            atOnce: atOnce, failureTimeout: failureTimeout, images: testImages)
        let follower = try folder.flatMap { try registryFollower(of: job, fleet: $0.lastPathComponent) }
        defer { follower?.end() }
        plan.following = follower.map { ReleaseFollowing($0, interval: .seconds(following.followInterval)) }
        let bars = ServingProgress(isQuiet: json)
        let (result, hasLostRanks) = try FleetSession.run(
            plan, FleetRank(job, limits),
            on: world, stop: stop, ready: { Guardian.noteRoundsBegin() }, released: { Guardian.noteRelease() },
            note: { Console.error("[rank 0] warning: \($0)") }, progress: { bars.show($0) })
        bars.clear()
        follower?.noteUntried()
        // A job that has lost ranks leaves by another way than the end of this function.
        follower?.end()
        guard let result, let folder else {
            if hasLostRanks { Launch.leaveBehindLostRanks() }
            return nil
        }
        if result.reports.allSatisfy(\.isRefused) {
            // Nothing was written into it.
            rmdir(folder.path)
        }
        let outcome = FleetOutcome(
            reports: result.reports, machines: result.machines, models: job.models(result.accuracies),
            testImages: job.testImages(of: testImages), folder: folder, releases: follower?.records ?? [],
            areAtOnce: atOnce > 1 && result.reports.count > 1 && world.size > 2, trialRequests: following.trialRequests,
            interruption: result.interruption)
        if let interruption = result.interruption {
            _ = outcome.finish(json: json, verbose: verbose)
            throw interruption
        }
        if hasLostRanks { Launch.leaveBehindLostRanks(code: outcome.finish(json: json, verbose: verbose)) }
        return { [json, verbose] in outcome.finish(json: json, verbose: verbose) }
    }

    /// On rank 0 of a fleet that serves registered models: what notes that it does, and follows their aliases if asked to.
    ///
    /// - Parameter fleet: Name of the folder that results go into.
    private func registryFollower(of job: ServingJob, fleet: String) throws -> RegistryFollower? {
        guard job.models.contains(where: { $0.registered != nil }) else { return nil }
        return RegistryFollower(
            try RunStore(results: results), job, fleet: fleet, following, testImages: job.imageCount(testImages))
    }
}
