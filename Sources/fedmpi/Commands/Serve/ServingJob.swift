import Datasets
import FedCore
import NeuralNet
import Serving

/// What all ranks know before they serve.
struct ServingJob {
    let paths: [String]
    let variants: [Variant]
    let test: any Dataset
    let fleet: Fleet
    private let command: Serve

    /// Reads the models, the profiles and the data set. Local to the rank.
    /// - Throws: `ConfigurationError` or `DatasetError` with the first thing that is wrong.
    init(_ command: Serve, ranks: Int) throws {
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
        var options = DatasetOptions()
        options.seed = command.seed
        options.named = command.datasetOptions
        test = try Datasets.open(command.dataset, options: options).test
        let shape = Shape([test.shape.channels, test.shape.height, test.shape.width])
        for (variant, path) in zip(variants, paths)
        where variant.model.input != shape || variant.model.classes != test.classes {
            throw ConfigurationError(
                "'\(path)': \(variant.model.name) takes images of \(variant.model.input) in \(variant.model.classes) classes;"
                    + " \(command.dataset) has \(shape) in \(test.classes)")
        }
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
            load: command.loadOptions.load, seed: command.seed, dataset: command.dataset,
            datasetOptions: command.datasetOptions, images: command.loadOptions.images)
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
