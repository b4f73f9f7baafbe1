import Datasets
import Experiments
import FedCore
import Federation
import NeuralNet
import Serving

/// What all ranks know before they serve.
struct ServingJob {
    let paths: [String]
    let variants: [Variant]
    let data: TestData
    var test: any Dataset { data.pair.test }
    let fleet: Fleet
    private let command: Serve

    /// Reads the models, the profiles and the data set. Local to the rank.
    /// - Parameter rank: rank 0 says what is to be known of the data.
    /// - Throws: `ConfigurationError` with the first thing that is wrong.
    init(_ command: Serve, rank: Int, ranks: Int) throws {
        self.command = command
        fleet = Fleet(try command.deviceOptions.descriptions(), ranks: ranks)
        let paths = command.models.split(separator: ",", omittingEmptySubsequences: false).map { String($0) }
        if let twice = paths.first(where: { path in paths.count { $0 == path } > 1 }) {
            throw ConfigurationError("--models names '\(twice)' twice")
        }
        var variants: [Variant] = []
        for path in paths {
            guard !path.isEmpty else { throw ConfigurationError("--models has an empty name") }
            variants.append(try Variant(reading: path))
        }
        self.paths = paths
        self.variants = variants
        data = try command.data.open(for: variants, named: paths, isTelling: rank == 0)
    }

    /// What the accuracies are measured on.
    /// - Parameter count: of images that are looked at; nil: all.
    func testImages(of count: Int?) -> String {
        guard let count, count < test.count else { return data.testImages }
        return "the first \(Format.grouped(count)) of \(data.testImages)"
    }

    /// What there is to do.
    /// - Parameter images: test images that the accuracy is taken over; nil: all.
    func plan(atOnce: Int, failureTimeout: Double, images: Int?) -> FleetPlan {
        FleetPlan(
            fleet: fleet, images: min(images ?? .max, test.count), variants: variants.count, atOnce: atOnce,
            failureTimeout: failureTimeout, task: task)
    }

    /// What a device's process is told.
    private func task(_ index: Int, on machine: DeviceProfiler.Machine, accuracies: [Double]) -> DeviceTask {
        let budget = command.budgetOptions.budget
        var task = DeviceTask(
            index: index, device: fleet.devices[index].profile(on: machine.profile),
            machine: machine.profile,
            models: zip(paths, accuracies).map { DeviceTask.Model(path: $0, accuracy: $1) }, budget: budget,
            tierCounts: !command.budgetOptions.ignoreTiers, policy: command.loadOptions.policy(target: budget.latency),
            load: command.loadOptions.load, seed: command.seed, dataset: data.choice.dataset,
            datasetOptions: data.choice.options, images: command.loadOptions.images)
        task.enforcesLimits = !command.noLimits
        return task
    }

    /// Seconds after which a device's process is given up: far more than it takes.
    var longestSeconds: Double {
        600 + 10 * command.loadOptions.load.longestSeconds(latency: command.budgetOptions.budget.latency)
    }

    /// The models as they are listed in files.
    func models(_ accuracies: [Double]) -> [FleetOutcome.Model] {
        zip(zip(paths, variants), accuracies).map { item, accuracy in
            FleetOutcome.Model(
                path: item.0, name: item.1.name, parameters: item.1.model.parameterCount,
                storedBytes: item.1.byteCount, accuracy: accuracy)
        }
    }
}
