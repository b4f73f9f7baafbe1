public import Datasets
import FedCore

/// All that a process needs to serve as one device.
public struct DeviceTask: Sendable, Codable {
    /// A model's file and what was found of it.
    public struct Model: Sendable, Codable {
        public var path: String
        /// Share of the test images that it gets right.
        public var accuracy: Double

        public init(path: String, accuracy: Double) {
            self.path = path
            self.accuracy = accuracy
        }
    }

    /// Place in the fleet, from 0.
    public var index: Int
    public var device: DeviceProfile
    /// The machine that stands in for the device.
    public var machine: DeviceProfile
    public var models: [Model]
    public var budget: Budget
    /// Whether the tier restricts the size of models.
    public var tierCounts: Bool
    public var policy: AdaptationPolicy
    public var load: Load
    public var seed: UInt64
    public var dataset: String
    public var datasetOptions: DatasetOptions
    /// Test images that requests are made of.
    public var images: Int
    /// The folder of a control group to join; nil: there is none, for this reason.
    public var controlGroup: String?
    public var controlGroupRefusal: String?
    /// Whether limits are put on the process at all; otherwise they are simulated.
    public var enforcesLimits = true

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

    /// How many times as long work takes on one core of the device as on one of this machine; at least 1, because nothing
    /// can be made faster than it is.
    public var coreSlowdown: Double {
        // Stated figures of a machine like this one differ a little from what was measured.
        let ratio = machine.gflopsPerCore / device.gflopsPerCore
        return device.origin(of: .gflops) == .stated && ratio > 1 ? ratio : 1
    }
}
