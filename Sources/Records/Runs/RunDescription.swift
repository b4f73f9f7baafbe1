public import FedCore

/// What is known when the first round starts.
public struct RunDescription: Sendable {
    public var settings: RunSettings
    /// The model's name.
    public var model: String
    /// The model's tensors, in the order of the flat weights.
    public var layout: ParameterLayout
    /// What a file of the model's weights says of the data.
    public var modelMetadata: [String: String]
    /// What clients learn from beside their labels.
    public var teacher: Teacher?
    /// In the order of the labels; empty when classes are called as their labels are.
    public var classNames: [String]
    /// Samples that clients hold.
    public var trainingSamples: Int
    public var testSamples: Int
    /// Ranks, rank 0 included.
    public var ranks: Int
    /// The host of each rank.
    public var hosts: [String]
    /// Rounds that were finished before the run was continued.
    public var finishedRounds: Int
    /// Stages and step hooks in the order in which they act.
    public var stages: StageOrder
    /// What the run measures in its rounds beside what every run does.
    public var metrics: [Metric] = []

    /// A model that clients learn from.
    public struct Teacher: Codable, Sendable, Equatable {
        public let model: String
        /// Digest of its weights, as `weightsDigest` gives it.
        public let weightsSHA256: String

        public init(model: String, weightsSHA256: String) {
            self.model = model
            self.weightsSHA256 = weightsSHA256
        }

        private enum CodingKeys: String, CodingKey {
            case model
            case weightsSHA256 = "weights_sha256"
        }
    }

    public init(
        settings: RunSettings, model: String, layout: ParameterLayout, modelMetadata: [String: String] = [:],
        teacher: Teacher? = nil, classNames: [String] = [], trainingSamples: Int, testSamples: Int, ranks: Int,
        hosts: [String], finishedRounds: Int = 0,
        stages: StageOrder = StageOrder()
    ) {
        self.settings = settings
        self.model = model
        self.layout = layout
        self.modelMetadata = modelMetadata
        self.teacher = teacher
        self.classNames = classNames
        self.trainingSamples = trainingSamples
        self.testSamples = testSamples
        self.ranks = ranks
        self.hosts = hosts
        self.finishedRounds = finishedRounds
        self.stages = stages
    }

    /// The distinct hosts, in the order of their first rank.
    public var distinctHosts: [String] {
        var seen: Set<String> = []
        return hosts.filter { seen.insert($0).inserted }
    }
}
