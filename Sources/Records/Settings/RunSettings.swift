public import Devices
public import FedCore

/// Everything that decides a run's result, resolved: rank 0 makes it, every rank decodes the same bytes.
///
/// The stored values are the defaults. Names, accepted values, units and help of the settings are in
/// `Settings/Groups/`, a group in each file; they are what makes a run's `config.json` one that can be read
/// back as a configuration file. Plug-ins are named by text, with their options beside them, so that this
/// target depends on none of them.
public struct RunSettings: Sendable, Equatable {
    /// Federated rounds, ≥ 1.
    public var rounds = 10
    /// Ends the run when the accuracy is at least this, in (0, 1]; nil never does.
    ///
    /// The accuracy is that on the test set, or the mean over the clients where only they can tell.
    public var targetAccuracy: Double?
    /// Ends the run after so many evaluations without a better accuracy, ≥ 1; nil never does.
    public var patience: Int?
    /// Ends the run before the round that would take its traffic, up and down, past so many megabytes (10⁶
    /// bytes), > 0; nil never does.
    public var budgetMb: Double?
    /// Clients in the federation, ≥ 1; more clients than ranks share ranks.
    public var clients = 5
    /// The share of the clients that each round trains, in (0, 1].
    public var clientFraction = 1.0
    /// Which clients a round trains: a name of `Selections`.
    public var selection = "uniform"
    /// The options of the selection, by name.
    public var selectionOptions: NamedOptions = [:]
    /// The federated algorithm: a name of `Strategies`.
    public var strategy = "fedavg"
    /// The options of the strategy, by name.
    public var strategyOptions = NamedOptions()
    /// How wide the models are that clients train, as `ClientWidths` reads them; nil for the strategy's own widths, where it
    /// has some.
    public var widths: String?
    /// How one update is made of a round's: a name of `Aggregations`.
    public var aggregation = "mean"
    /// The options of the aggregation, by name.
    public var aggregationOptions: NamedOptions = [:]
    /// What the attackers among the clients do, to test what the server withstands: a name of `Attacks`, or nil.
    public var attack: String?
    /// The options of the attack, by name.
    public var attackOptions: NamedOptions = [:]
    /// How many clients attack, ≥ 0; the seed says which.
    public var attackers = 0
    /// The network that is trained: a name of `Models`, or its layers.
    public var model = "edgecnn-large"
    /// The weights that training starts from: path of a weights file on rank 0; nil draws them from the seed.
    public var initialWeights: String?
    /// The parameters that neither train nor travel: patterns of their keys between commas, in which `*` stands for any
    /// characters; nil for none.
    public var freeze: String?
    /// A trained model that clients learn from beside their labels: path of its file or of its run's folder on rank 0.
    public var teacher: String?
    /// The temperature over which the teacher's and the student's scores are softened, > 0; nil without a teacher.
    ///
    /// G. Hinton, O. Vinyals, J. Dean, *Distilling the Knowledge in a Neural Network*, 2015, arXiv:1503.02531.
    public var temperature: Float?
    /// The share of the labels' loss, in [0, 1], the rest being the teacher's; nil without a teacher.
    public var hardWeight: Float?
    /// The samples to train and test on: a name of `Datasets`.
    public var dataset = "fashion-mnist"
    /// What the data set's source takes, by name.
    public var datasetOptions: NamedOptions = [:]
    /// Training samples per client of a data set that is generated; others have the size they have.
    public var samplesPerClient = 600
    /// How the samples are dealt to the clients: a name of `Partitions`.
    public var partition = "dirichlet"
    /// Concentration of the Dirichlet partition, > 0: small is skewed, large is even.
    public var alpha = 0.5
    /// What the partitioner takes, by name.
    public var partitionOptions: NamedOptions = [:]
    /// The share of each client's samples that it does not train on but tests on, in [0, 1).
    public var clientTest = 0.0
    /// Passes over a client's samples per round, ≥ 0; with 0 a round is only its exchange.
    public var epochs = 1
    /// Steps of local training a round, ≥ 1, whatever a client's samples; nil: as many as `epochs` takes.
    public var localSteps: Int?
    /// Samples per step of local training, ≥ 1.
    public var batchSize = 32
    /// What inputs are normalised by: `channels`, or means and deviations as `Normalization` reads them; nil leaves
    /// them as they are.
    public var normalize: String?
    /// How local training changes pictures at random: `crop:PIXELS`, `flip`, or both; nil leaves them as they are.
    public var augment: String?
    /// What local training makes small: a name of `Loss`; nil for the one that fits the data's labels.
    public var loss: String?
    /// The options of the loss, by name.
    public var lossOptions: NamedOptions = [:]
    /// What moves the weights in a step of local training: a name of `Optimizer`.
    public var optimizer = "sgd"
    /// The options of the optimizer, by name.
    public var optimizerOptions: NamedOptions = [:]
    /// Type of the numbers that local training multiplies.
    public var precision = Precision.single
    /// Learning rate of the local optimizer, > 0.
    public var lr: Float = 0.05
    /// How the learning rate changes from round to round: a name of `LearningRateSchedule`.
    public var lrSchedule = "constant"
    /// The options of the schedule, by name.
    public var lrScheduleOptions: NamedOptions = [:]
    /// Rounds over which the learning rate rises in equal steps, ≥ 0.
    public var warmupRounds = 0
    /// What the round's mean update is multiplied by before the strategy's step, > 0.
    public var serverLr: Float = 1
    /// The largest L2 norm of a step's gradient, > 0; a longer one is scaled down. nil: no limit.
    public var clipGradients: Float?
    /// Largest L2 norm of a client's update, > 0; nil: no limit.
    public var clipUpdates: Float?
    /// Momentum of local SGD, in [0, 1); other optimizers have moments of their own.
    public var momentum: Float = 0.9
    /// Weight decay of the local optimizer, ≥ 0.
    public var weightDecay: Float = 0
    /// The seed of everything random: initial weights, partition, cohorts, batches, simulated devices.
    public var seed: UInt64 = 42
    /// Threads of one rank's arithmetic, ≥ 1.
    public var threads = 1
    /// Evaluates on the test set every so many rounds, and after the last; ≥ 1.
    public var evalEvery = 1

    /// The layer before which a model that is trained in two parts is cut: the layers before it run on the
    /// devices. nil takes the model's own cut.
    public var cut: Int?
    /// What the server's part of a model in two parts is while a round lasts; nil: models are trained whole.
    public var serverPart: ServerPart?

    /// What becomes of the clients of a lost rank.
    public var onFailure = OnFailure.reassign
    /// Seconds of silence after which a rank that is waited for is lost, ≥ 1.
    public var failureTimeout = 10.0

    /// Seconds after which clients stop training and send what they have, > 0; nil is no deadline.
    public var roundDeadline: Double?
    /// What a client sends that is not done at the deadline.
    public var latePolicy = LatePolicy.partial
    /// Updates that a round needs; with fewer it is repeated with a new cohort.
    public var minClients = 1
    /// How often a round is repeated before the run stops, ≥ 0.
    public var roundRetries = 3

    /// How updates come up: a name of `Wires`.
    public var wire = "gatherv"
    /// The way of weights and sums between the ranks.
    public var topology = Topology.flat
    /// How clients' updates are encoded for the way up: a codec or a pipeline of `UpdateCodecs`; nil: as they are.
    public var compress: String?
    /// How weights are encoded for the way down: a codec or a pipeline of codec stages; nil sends them as they are.
    public var compressDown: String?
    /// Whether clients add what the codec took away to their next update; nil: if the codec is biased.
    public var errorFeedback: Switch?
    /// The share of what clients keep of the codec's errors that stays each time they are asked, in [0, 1].
    public var errorFeedbackKeep = 1.0
    /// The weight with which clients sum their updates up before they are encoded, in [0, 1); 0: not at all.
    public var errorFeedbackMomentum = 0.0

    /// Simulated: the probability that a client starts late, in [0, 1].
    public var stragglerProb = 0.0
    /// Simulated: by how many seconds, the mean of an exponential distribution, ≥ 0.
    public var stragglerDelay = 0.0
    /// Simulated: megabits a second of each client's link, up and down; nil is no limit.
    public var bandwidthMbps: Double?
    /// Simulated: milliseconds that each message of a client takes besides, ≥ 0.
    public var latencyMs = 0.0
    /// Simulated: the probability that a client does not answer in a round, in [0, 1].
    public var dropProb = 0.0
    /// Simulated: samples that a device trains on in a second; nil: training takes no simulated time.
    public var deviceSpeed: Double?
    /// Simulated: how unlike the devices are, σ of a log-normal factor of their speed, in [0, 5]; needs `deviceSpeed`.
    public var deviceSpread = 0.0
    /// Sleeps through simulated delays, instead of counting them as virtual time.
    public var realDelays = false

    /// Simulated: the fleet of devices, a name of ``Fleets`` or a fleet as text; nil for none.
    public var fleet: String?
    /// Simulated: what a device of the fleet must be besides connected, as ``Eligibility/conditions(_:)`` reads it.
    public var require = ""
    /// Simulated: charge above which a device is asked, in [0, 1].
    public var minBattery = 0.2
    /// Simulated: charge at which a device stops its work, in [0, 1].
    public var stopBattery = 0.1
    /// Simulated: hours from a Monday's midnight to the first round, ≥ 0.
    public var fleetStart = 8.0
    /// Simulated: seconds from the start of a round to the next at least, ≥ 0.
    public var roundEvery = 0.0
    /// Simulated: seconds that a round waits for a whole cohort, ≥ 0.
    public var cohortWait = 600.0
    /// Simulated: joules of training and transfers that a run may take; nil is no limit.
    public var budgetJoules: Double?
    /// Simulated: finished updates that a device keeps which it could not send; 0: none, and it does not train offline.
    public var offlineUpdates = 0
    /// Simulated: seconds after which a device drops an update that it keeps; nil: never.
    public var offlineExpiry: Double?
    /// a ≥ 0 of the factor (1 + age)^−a by which an update of an earlier round weighs less.
    public var agePower = 0.5

    /// The mechanism of differential privacy; nil: none.
    public var privacy: Privacy?
    /// The L2 norm that clients' updates are clipped to with differential privacy, > 0.
    public var clip = 1.0
    /// Whether the clip stays or follows the updates.
    public var clipping = Clipping.fixed
    /// The share of updates that an adaptive clip leaves as they are, in [0, 1].
    public var clipQuantile = 0.5
    /// How fast an adaptive clip moves: η of its logarithm, > 0.
    public var clipRate = 0.2
    /// The factor by which DP-FTRL mixes noise over rounds.
    public var ftrlFactor = FtrlFactor.tree
    /// Rounds over which a banded factor mixes, ≥ 1.
    public var ftrlBand = 4
    /// The share of a round's clients that may fail to answer without their noise being missed, or a masked sum being lost, in
    /// [0, 0.9].
    public var assumedDropout = 0.33
    /// Standard deviation of the noise as a multiple of `clip`, > 0; nil without differential privacy.
    public var noise: Double?
    /// ε that a run may spend, > 0; nil: no limit.
    public var epsilon: Double?
    /// δ of the promise, in (0, 1).
    public var delta = 1e-5
    /// How a step of local training with differential privacy chooses its samples; nil: Poisson.
    public var sampling: Sampling?
    /// Where the noise comes from.
    public var noiseSource = NoiseSource.system
    /// Path of the noise's key; nil forgets the key at the end.
    public var noiseKey: String?

    /// Whether clients mask what they send, so that the server sees sums alone.
    public var secureAggregation = false
    /// The share of a round's clients that are assumed to tell the server all they know, in [0, 0.9].
    public var assumedCorrupt = 0.05
    /// What the server is assumed to do.
    public var assumedServer = AssumedServer.curious
    /// Bits of a value in a masked vector, 8 or 16; nil: exact sums, of 64 bits.
    public var secureBits: Int?

    /// Edge aggregators between the clients and the server; 0: none.
    public var edges = 0
    /// Rounds that an edge makes with its clients in each round of the run, ≥ 1.
    public var cloudEvery = 1
    /// How an edge makes one update of its clients': a name of the aggregations.
    public var edgeAggregation = "mean"
    /// The options of the edges' aggregation, by name.
    public var edgeAggregationOptions: NamedOptions = [:]
    /// The L2 norm above which an edge refuses an update, as a multiple of the median at that edge; nil: none.
    public var edgeNormLimit: Double?
    /// The loss above which an edge refuses an update, as a multiple of the loss before it; nil: none is measured.
    public var edgeLossLimit: Double?
    /// Training samples on which edges measure losses, ≥ 1; taken from the clients if `edgeLossLimit` is given.
    public var edgeSamples = 100
    /// Simulated: megabits a second of each edge's link to the cloud; nil is no limit.
    public var edgeMbps: Double?
    /// Simulated: milliseconds that each message between edge and cloud takes besides, ≥ 0.
    public var edgeLatencyMs = 0.0

    /// The faults to make on purpose, as ``Fault`` reads them.
    public var inject: [String] = []

    /// The server's part of a model in two parts, while a round lasts.
    public enum ServerPart: String, Codable, Sendable, CaseIterable {
        /// One, which learns from all clients' features in turn.
        case shared
        /// A copy for each client, averaged like the devices' parts.
        case perClient = "per-client"
    }

    /// What a server may do to learn more than the sum of masked updates.
    public enum AssumedServer: String, Codable, Sendable, CaseIterable {
        /// It follows the protocol, and looks at all that it gets.
        case curious
        /// It may lie, too, after the clients' keys are known.
        case semiMalicious = "semi-malicious"
    }

    /// A mechanism of differential privacy.
    public enum Privacy: String, Codable, Sendable, CaseIterable {
        /// Noise at the server, on the sum of clipped updates.
        case central
        /// Noise at the server that hangs together over the rounds, for clients that are asked in turn (DP-FTRL).
        case ftrl
        /// Noise at the clients, on each clipped update.
        case local
        /// A share of the sum's noise at each client, on its clipped update.
        case distributed
        /// Noise at the clients, on the gradients of every step, clipped sample by sample.
        case dpSGD = "dp-sgd"

        /// Whether clients draw noise.
        public var isAtClients: Bool { self == .dpSGD || self == .local || self == .distributed }
    }

    /// How updates are clipped with differential privacy.
    public enum Clipping: String, Codable, Sendable, CaseIterable {
        /// To the same norm in every round.
        case fixed
        /// To a norm that follows a quantile of the norms.
        case adaptive
        /// Each layer's part of a sample's gradient to a share of the norm.
        case perLayer = "per-layer"
    }

    /// The factor by which DP-FTRL mixes noise over rounds.
    public enum FtrlFactor: String, Codable, Sendable, CaseIterable {
        /// A binary tree over the rounds in which every client is asked once.
        case tree
        /// A banded square root of the matrix of prefix sums.
        case banded
    }

    /// How a batch of local training with differential privacy comes about.
    public enum Sampling: String, Codable, Sendable, CaseIterable {
        /// Each sample is in it with the same probability, whatever the others do.
        case poisson
        /// The samples of an epoch are dealt out in a random order, so many at a time.
        case shuffle
    }

    /// Where noise comes from.
    public enum NoiseSource: String, Codable, Sendable, CaseIterable {
        /// A key that the operating system has drawn, or that stands in a file.
        case system
        /// The run's seed, which is known: for studies.
        case simulated
    }

    /// What becomes of the clients of a rank that was lost.
    public enum OnFailure: String, Codable, Sendable, CaseIterable {
        /// Other ranks train them, to the same weights: right for a simulation.
        case reassign
        /// They are left out of the round: right when the rank was the device.
        case drop
    }

    /// A decision that is taken by itself where it is absent.
    public enum Switch: String, Codable, Sendable, CaseIterable {
        case on = "true"
        case off = "false"
    }

    /// What a client sends that is not done at the deadline.
    public enum LatePolicy: String, Codable, Sendable, CaseIterable {
        /// What it has trained so far, weighted by the samples it has seen.
        case partial
        /// Nothing: it is left out of the round.
        case drop
    }

    /// Makes settings with every default.
    public init() {}

    /// The simulation of the clients' devices that these settings describe.
    public var simulation: DeviceSimulation {
        var simulation = DeviceSimulation()
        simulation.stragglerProbability = stragglerProb
        simulation.stragglerDelay = stragglerDelay
        simulation.dropProbability = dropProb
        simulation.samplesPerSecond = deviceSpeed
        simulation.speedSpread = deviceSpread
        simulation.link = Link(megabitsPerSecond: bandwidthMbps, latencyMilliseconds: latencyMs)
        simulation.isReal = realDelays
        simulation.hasFleet = fleet != nil
        simulation.hasEdgeLinks = edges > 0 && (edgeMbps != nil || edgeLatencyMs > 0)
        return simulation
    }

    /// The number of clients that each round trains: `clientFraction` of them, rounded, at least one.
    public var cohortSize: Int {
        if hasPoissonCohorts { return poissonCapacity }
        let share = (clientFraction * Double(clients)).rounded()
        // Beyond 2⁵³ a Double may be above the number of clients, and above any Int.
        return share < Double(clients) ? max(1, Int(share)) : clients
    }

    /// Whether each client is asked by itself, so that cohorts differ in size.
    public var hasPoissonCohorts: Bool { selection == "poisson" }

    /// Room for a cohort of which each client is with a probability of its own: ten standard deviations above the mean. More
    /// come with a probability below 10⁻¹⁵ (Bernstein's inequality), and are then left out.
    private var poissonCapacity: Int {
        let mean = clientFraction * Double(clients)
        return min(clients, Int((mean + 10 * (mean * (1 - clientFraction)).squareRoot() + 24).rounded(.up)))
    }
}
