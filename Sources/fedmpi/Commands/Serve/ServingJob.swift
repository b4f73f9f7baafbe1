import Datasets
import Experiments
import FedCore
import Federation
import NeuralNet
import RunStore
import Serving

/// What every rank of `fedmpi serve` knows before it serves: models, test images and devices.
///
/// Each rank reads the files itself, since each counts a share of the images and starts devices; ``Serve`` lets
/// all ranks agree that they could.
struct ServingJob {
    /// The models, as `--models` names them.
    let models: [PinnedModels.Model]
    /// Paths of their files on this rank's host.
    var paths: [String] { models.map(\.path) }
    /// Keeps the files that came from rank 0.
    private let pinned: PinnedModels
    /// The models, in the order of ``paths``.
    let variants: [Variant]
    /// The test images, with the choice that they were opened by.
    let data: TestData
    /// The test split.
    var test: any Dataset { data.pair.test }
    /// The devices, and which rank serves as which.
    let fleet: Fleet
    /// The command's options.
    private let command: Serve

    /// Reads the models, the profiles and the data set. Local to the rank.
    ///
    /// - Parameters:
    ///   - command: The command with its options.
    ///   - rank: This rank. Rank 0 says on standard error what is to be known of the data.
    ///   - ranks: Number of ranks, among which the devices are dealt out.
    ///   - pinned: The models, where rank 0 has found them for all ranks; nil: this rank finds them itself.
    /// - Throws: `ConfigurationError` with the first thing that is wrong.
    init(_ command: Serve, rank: Int, ranks: Int, pinned: PinnedModels? = nil) throws {
        self.command = command
        fleet = Fleet(try command.deviceOptions.descriptions(), ranks: ranks)
        let pinned = try pinned ?? PinnedModels(command.models, results: command.results)
        let paths = pinned.models.map(\.path)
        var variants: [Variant] = []
        for path in paths { variants.append(try Variant(reading: path)) }
        self.pinned = pinned
        models = pinned.models
        self.variants = variants
        data = try command.data.open(for: variants, named: paths, isTelling: rank == 0)
    }

    /// The test images that the accuracies are measured on, in words.
    ///
    /// - Parameter count: Images that are looked at, from the first on; nil is all.
    func testImages(of count: Int?) -> String {
        guard let count, count < test.count else { return data.testImages }
        return "the first \(Format.grouped(count)) of \(data.testImages)"
    }

    /// The work of the run, alike on every rank.
    ///
    /// - Parameters:
    ///   - atOnce: Devices of one host that serve at the same time, ≥ 1.
    ///   - failureTimeout: Seconds of silence after which a rank is lost.
    ///   - images: Test images that the accuracy is taken over; nil is all.
    func plan(atOnce: Int, failureTimeout: Double, images: Int?) -> FleetPlan {
        FleetPlan(
            fleet: fleet, images: imageCount(images), variants: variants.count, atOnce: atOnce,
            failureTimeout: failureTimeout, task: task)
    }

    /// The task of a device's process. Called on rank 0, when machines are measured and accuracies counted.
    ///
    /// - Parameters:
    ///   - index: The device's place in the fleet, from 0.
    ///   - machine: The machine that stands in for it.
    ///   - accuracies: Accuracy of each model, in [0, 1].
    private func task(_ index: Int, on machine: DeviceProfiler.Machine, accuracies: [Double]) -> DeviceTask {
        let budget = command.budgetOptions.budget
        var task = DeviceTask(
            index: index, device: fleet.devices[index].profile(on: machine.profile),
            machine: machine.profile,
            models: zip(models, accuracies).map {
                DeviceTask.Model(path: $0.path, accuracy: $1, name: isFollowing ? $0.registered?.reference : nil)
            },
            budget: budget,
            tierCounts: !command.budgetOptions.ignoreTiers, policy: command.loadOptions.policy(target: budget.latency),
            load: command.loadOptions.load, seed: command.seed, dataset: data.choice.dataset,
            datasetOptions: data.choice.options, images: command.loadOptions.images)
        task.enforcesLimits = !command.noLimits
        if isFollowing { task.followedRelease = RegistryFollower.name(of: models.map(\.registered), self) }
        return task
    }

    /// Whether aliases are followed.
    private var isFollowing: Bool { command.following.follow }

    /// Test images that accuracies are taken over.
    ///
    /// - Parameter count: As the user gave it; nil is all.
    func imageCount(_ count: Int?) -> Int { min(count ?? .max, test.count) }

    /// Seconds after which a device's process is given up: far more than it takes, so that only one that hangs is
    /// ended.
    var longestSeconds: Double {
        600 + 10 * command.loadOptions.load.longestSeconds(latency: command.budgetOptions.budget.latency)
    }

    /// The models as files list them.
    ///
    /// - Parameter accuracies: Accuracy of each model, in [0, 1].
    func models(_ accuracies: [Double]) -> [FleetOutcome.Model] {
        zip(zip(paths, variants), accuracies).map { item, accuracy in
            FleetOutcome.Model(
                path: item.0, name: item.1.name, parameters: item.1.model.parameterCount,
                storedBytes: item.1.byteCount, accuracy: accuracy)
        }
    }
}
