public import FedCore

/// What is known when the first round starts: the description that each observer gets.
public struct RunDescription: Sendable {
    /// All settings, resolved.
    public var settings: RunSettings
    /// The model's name.
    public var model: String
    /// The model's tensors, in the order of the flat weights.
    public var layout: ParameterLayout
    /// The parameters that the run keeps as they are, which stand in its weights files beside the others; nil without any.
    public var frozen: FrozenParameters?
    /// What a file of the model's weights says of the data, such as the names of classes; by key.
    public var modelMetadata: [String: String]
    /// The model that clients learn from beside their labels; nil without one.
    public var teacher: Teacher?
    /// The names of the classes in the order of the labels; empty when classes are called as their labels are.
    public var classNames: [String]
    /// The names of the clients in the order of their numbers; empty where they have none.
    public var clientNames: [String] = []
    /// The classes of the clients' devices, by ranges of clients in their order; empty without a fleet that counts them.
    public var clientClasses: [ClientClass] = []
    /// Bytes of what a client keeps from round to round, which travels with each of its turns; 0 where it keeps nothing.
    public var clientStateBytes = 0
    /// What differential privacy promises in this run, and what it leaves out, a line each; empty without it.
    public var privacy: [String] = []
    /// The samples that all clients hold together.
    public var trainingSamples: Int
    /// The samples of the server's test set.
    public var testSamples: Int
    /// The number of ranks, rank 0 included.
    public var ranks: Int
    /// The host of each rank, in rank order.
    public var hosts: [String]
    /// What the ranks compute by.
    public var instructionSets = InstructionSets()
    /// The rounds that were finished before the run was continued; 0 for a new run.
    public var finishedRounds: Int
    /// The stages and step hooks in the order in which they act.
    public var stages: StageOrder
    /// Whether a "round" of the run is a step of an asynchronous server; reports then say so.
    public var isAsynchronous = false
    /// The measurements of this run's rounds beside those of every run.
    public var metrics: [Metric] = []

    /// A model that clients learn from, as `config.json` names it.
    public struct Teacher: Codable, Sendable, Equatable {
        /// The name of its architecture.
        public let model: String
        /// The digest of its weights, as `weightsDigest` gives it.
        public let weightsSHA256: String

        /// Names a teacher.
        public init(model: String, weightsSHA256: String) {
            self.model = model
            self.weightsSHA256 = weightsSHA256
        }

        private enum CodingKeys: String, CodingKey {
            case model
            case weightsSHA256 = "weights_sha256"
        }
    }

    /// A class of devices and how many clients are of it, behind those of the classes before.
    public struct ClientClass: Codable, Sendable, Equatable {
        /// The class's name.
        public let name: String
        /// The number of clients.
        public let clients: Int

        /// Names a class.
        public init(name: String, clients: Int) {
            self.name = name
            self.clients = clients
        }
    }

    /// Describes a run.
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
