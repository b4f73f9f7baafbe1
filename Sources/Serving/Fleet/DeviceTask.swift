public import Datasets
import FedCore

/// All that a process needs to serve as one device: the JSON that rank 0 sends to a rank, and that rank to the process
/// it starts.
public struct DeviceTask: Sendable, Codable {
    /// A candidate: its file and its accuracy.
    public struct Model: Sendable, Codable {
        /// Weights file, of any precision.
        public var path: String
        /// Share of the test images that it gets right, in [0, 1]; counted beforehand by all ranks, since it does not
        /// depend on the device.
        public var accuracy: Double
        /// How tables and files call it; nil: by its architecture and precision.
        public var name: String?

        /// A candidate whose accuracy is known.
        public init(path: String, accuracy: Double, name: String? = nil) {
            self.path = path
            self.accuracy = accuracy
            self.name = name
        }
    }

    /// Place in the fleet, from 0.
    public var index: Int
    /// The device to serve as.
    public var device: DeviceProfile
    /// The measured machine that stands in for the device.
    public var machine: DeviceProfile
    /// The candidates.
    public var models: [Model]
    /// What a model may cost, before the device's own memory and tier restrict it.
    public var budget: Budget
    /// Whether the tier restricts the size of models (not with `--ignore-tiers`).
    public var tierCounts: Bool
    /// When the served variant changes.
    public var policy: AdaptationPolicy
    /// The requests to answer.
    public var load: Load
    /// The run's seed, which decides when requests come.
    public var seed: UInt64
    /// Data set whose test images are the requests.
    public var dataset: String
    /// How the data set is opened.
    public var datasetOptions: DatasetOptions
    /// Distinct test images that requests are made of, spread over the test set.
    public var images: Int
    /// Folder of a control group to join, made for this process by the rank that starts it; nil: none is needed, or
    /// there is none.
    public var controlGroup: String?
    /// Why there is no control group, in words; nil where there is one or none is needed.
    public var controlGroupRefusal: String?
    /// How the release that it begins with is called, where others may follow it while it serves; nil: none do.
    public var followedRelease: String?
    /// Whether limits are put on the process at all. Otherwise (`--no-limits`) a CPU share is simulated, and memory and
    /// cores are not limited.
    public var enforcesLimits = true

    /// A task without a control group, under limits.
    ///
    /// - Parameters:
    ///   - index: Place in the fleet, from 0.
    ///   - device: The device to serve as.
    ///   - machine: The measured machine that stands in for it.
    ///   - models: The candidates.
    ///   - budget: What a model may cost.
    ///   - tierCounts: Whether the tier restricts the size of models.
    ///   - policy: When the served variant changes.
    ///   - load: The requests to answer.
    ///   - seed: The run's seed.
    ///   - dataset: Data set of the requests.
    ///   - datasetOptions: How it is opened.
    ///   - images: Distinct test images that requests are made of.
    public init(
        index: Int, device: DeviceProfile, machine: DeviceProfile, models: [Model], budget: Budget, tierCounts: Bool,
        policy: AdaptationPolicy, load: Load, seed: UInt64, dataset: String, datasetOptions: DatasetOptions, images: Int
    ) {
        self.index = index
        self.device = device
        self.machine = machine
        self.models = models
        self.budget = budget
        self.tierCounts = tierCounts
        self.policy = policy
        self.load = load
        self.seed = seed
        self.dataset = dataset
        self.datasetOptions = datasetOptions
        self.images = images
    }

    /// How many times as long work takes on a core of the device as on one of this machine. 1 where the device's speed
    /// is not stated or its core is faster: nothing can be made faster than it is.
    public var coreSlowdown: Double {
        // Stated figures of a machine like this one differ a little from what was measured.
        let ratio = machine.gflopsPerCore / device.gflopsPerCore
        return device.origin(of: .gflops) == .stated && ratio > 1 ? ratio : 1
    }
}
