import Aggregation
public import ArgumentParser
import Datasets
import FedCore
import Federation
import NeuralNet
import Records
import Selection
import Strategies

/// The options that decide a run's result; their defaults are those of `RunSettings`.
struct SettingsOptions: ParsableArguments {
    private static let defaults = RunSettings()

    @Option(help: "Federated rounds. (default: \(defaults.rounds))")
    var rounds: Int?

    @Option(
        help:
            "End the run when the accuracy, on the test set or of clients where only they can tell, is at least this, in (0, 1]."
    )
    var targetAccuracy: Double?

    @Option(help: "End the run after so many evaluations without a better accuracy.")
    var patience: Int?

    @Option(help: "End the run before the round that would take its traffic, up and down, past so many MB.")
    var budgetMb: Double?

    @Option(help: "Clients in the federation; they share the ranks 1…N. (default: one per rank, 5 without mpirun)")
    var clients: Int?

    @Option(
        help:
            "Share of the clients that each round trains, or that are in flight with an asynchronous strategy, in (0, 1]."
    )
    var clientFraction = defaults.clientFraction

    @Option(
        help:
            "Which clients a round trains: \(Selections.all.map { "\($0.name) (\($0.summary))" }.joined(separator: ", "))."
    )
    var selection = defaults.selection

    @Option(
        help: "What the selection takes: name=value,name=value; an unknown name lists them.",
        transform: NamedOptions.init(parsing:))
    var selectionOptions: NamedOptions = [:]

    @Option(
        help: "Federated algorithm: \(Strategies.all.map { "\($0.name) (\($0.summary))" }.joined(separator: ", ")).")
    var strategy = defaults.strategy

    @Option(
        help: "What the strategy takes: name=value,name=value; an unknown name lists them.",
        transform: NamedOptions.init(parsing:))
    var strategyOptions: NamedOptions = [:]

    @Option(
        help: """
            How one update is made of a round's: \
            \(Aggregations.all.map { "\($0.name) (\($0.summary))" }.joined(separator: ", ")).
            """)
    var aggregation = defaults.aggregation

    @Option(
        help: "What the aggregation takes: name=value,name=value; an unknown name lists them.",
        transform: NamedOptions.init(parsing:))
    var aggregationOptions: NamedOptions = [:]

    @Option(
        help: """
            What the attackers among the clients do, to test what the server withstands: \
            \(Attacks.all.map { "\($0.name) (\($0.summary))" }.joined(separator: ", ")).
            """)
    var attack: String?

    @Option(
        help: "What the attack takes: name=value,name=value; an unknown name lists them.",
        transform: NamedOptions.init(parsing:))
    var attackOptions: NamedOptions = [:]

    @Option(help: "How many clients attack; the seed says which.")
    var attackers = defaults.attackers

    @Option(help: "Model: \(Models.all.map(\.name).joined(separator: ", ")); `fedmpi models` describes them.")
    var model = defaults.model

    @Option(
        help: """
            Distil: a trained model, its file or its run's folder, that clients learn from beside their labels. \
            `fedmpi distill` compares with training without.
            """)
    var teacher: String?

    @Option(
        help: """
            Over which the teacher's and the student's scores are softened. (default: \(RunSettings.defaultTemperature))
            """)
    var temperature: Float?

    @Option(
        help: """
            Share of the labels' loss beside the teacher's, in [0, 1]. (default: \(RunSettings.defaultHardWeight))
            """)
    var hardWeight: Float?

    @Option(
        help: """
            Data set: \(Datasets.all.map { "\($0.name)\($0.usage) (\($0.summary))" }.joined(separator: ", ")). \
            (default: \(defaults.dataset), of fedmpi distill the teacher's)
            """)
    var dataset: String?

    @Option(
        help: "What the data set takes: name=value,name=value; an unknown name lists them.",
        transform: NamedOptions.init(parsing:))
    var datasetOptions: NamedOptions = [:]

    @Option(help: "Training samples per client of the synthetic data set.")
    var samplesPerClient = defaults.samplesPerClient

    @Option(help: "Who holds what: \(Partitions.all.map { "\($0.name) (\($0.summary))" }.joined(separator: ", ")).")
    var partition = defaults.partition

    @Option(help: "Concentration of the Dirichlet partition: 0.1 is very skewed, 100 is even.")
    var alpha = defaults.alpha

    @Option(
        help: "What the partition takes: name=value,name=value; an unknown name lists them.",
        transform: NamedOptions.init(parsing:))
    var partitionOptions: NamedOptions = [:]

    @Option(help: "Share of each client's samples that it tests on instead of training on them.")
    var clientTest = defaults.clientTest

    @Option(help: "Passes over a client's samples per round.")
    var epochs = defaults.epochs

    @Option(help: "Steps of local training a round for every client, instead of epochs.")
    var localSteps: Int?

    @Option(help: "Samples per step of local training.")
    var batchSize = defaults.batchSize

    @Option(help: "Learning rate of local SGD.")
    var lr = defaults.lr

    @Option(
        help: "How the learning rate changes from round to round: \(RunSettings.lrSchedules.joined(separator: ", ")).")
    var lrSchedule = defaults.lrSchedule

    @Option(
        help: "What the schedule takes (step: every, factor; cosine: final): name=value,name=value.",
        transform: NamedOptions.init(parsing:))
    var lrScheduleOptions: NamedOptions = [:]

    @Option(help: "Rounds over which the learning rate rises in equal steps.")
    var warmupRounds = defaults.warmupRounds

    @Option(help: "What a round's mean update is multiplied by before the strategy's step.")
    var serverLr = defaults.serverLr

    @Option(help: "Scale the gradient of each step down to this L2 norm.")
    var clipGradients: Float?

    @Option(help: "Momentum of local SGD; it starts from zero each round.")
    var momentum = defaults.momentum

    @Option(help: "L2 penalty of local SGD.")
    var weightDecay = defaults.weightDecay

    @Option(help: "Seed of everything random; the same seed gives the same weights with any number of ranks.")
    var seed = defaults.seed

    @Option(help: "Threads of each rank's arithmetic.")
    var threads = defaults.threads

    @Option(help: "Evaluate on the test set every so many rounds, and after the last.")
    var evalEvery = defaults.evalEvery

    @Option(
        help: """
            What becomes of the clients of a lost rank: reassign (other ranks train them, to the same weights) or drop.
            """)
    var onFailure = defaults.onFailure

    @Option(
        help: """
            Seconds after which a rank that is waited for is lost: one that is stopped, or silent on another host. On rank 0's \
            host a rank that lives is waited for, and one that has ended is lost at once.
            """)
    var failureTimeout = defaults.failureTimeout

    @Option(help: "How updates come up: \(Wires.summaries).")
    var wire = defaults.wire

    @Option(help: "Clients stop training after so long and send what they have: 30s, 500ms, 2m. (default: never)")
    var roundDeadline: Seconds?

    @Option(help: "What a client sends that is not done at the deadline: partial (what it has) or drop (nothing).")
    var latePolicy = defaults.latePolicy

    @Option(help: "Updates a round needs; with fewer it is repeated with another cohort.")
    var minClients = defaults.minClients

    @Option(help: "How often a round is repeated before the run stops.")
    var roundRetries = defaults.roundRetries

    @Option(help: "Simulate: probability that a client starts late in a round.")
    var stragglerProb = defaults.stragglerProb

    @Option(help: "Simulate: how late, on average: 5s. Exponentially distributed, from the seed.")
    var stragglerDelay = Seconds(value: defaults.stragglerDelay)

    @Option(help: "Simulate: megabits a second of each client's link, up and down. (default: no limit)")
    var bandwidthMbps: Double?

    @Option(help: "Simulate: milliseconds that each message of a client takes besides.")
    var latencyMs = defaults.latencyMs

    @Option(help: "Simulate: samples a device trains on in a second. (default: training takes no simulated time)")
    var deviceSpeed: Double?

    @Option(
        help: """
            Simulate: how unlike the devices are, σ of a log-normal factor of each one's speed; 0: all are alike, 1: one in \
            six is more than 2.7 times faster, one in six slower by as much.
            """)
    var deviceSpread = defaults.deviceSpread

    @Option(help: "Simulate: probability that a client does not answer in a round.")
    var dropProb = defaults.dropProb

    @Flag(help: "Sleep through simulated delays, instead of counting them as virtual time.")
    var realDelays = false

    @Option(
        parsing: .singleValue,
        help: """
            Make a fault on purpose: KIND:rank=R@round=N[,phase=P][,seconds=S], KIND one of kill, stop, delay, nan, \
            corrupt, P one of broadcast, train, gather. May be repeated.
            """)
    var inject: [String] = []

    /// - Parameter ranks: of the job; decides the default number of clients.
    func settings(ranks: Int) -> RunSettings {
        var settings = RunSettings()
        settings.rounds = rounds ?? Self.defaults.rounds
        settings.clients = clients ?? (ranks > 1 ? ranks - 1 : Self.defaults.clients)
        settings.targetAccuracy = targetAccuracy
        settings.patience = patience
        settings.budgetMb = budgetMb
        settings.clientFraction = clientFraction
        settings.selection = selection
        settings.selectionOptions = selectionOptions
        settings.strategy = strategy
        settings.strategyOptions = strategyOptions
        settings.aggregation = aggregation
        settings.aggregationOptions = aggregationOptions
        settings.attack = attack
        settings.attackOptions = attackOptions
        settings.attackers = attackers
        settings.model = model
        settings.distil(from: teacher, temperature: temperature, hardWeight: hardWeight)
        settings.dataset = dataset ?? Self.defaults.dataset
        settings.datasetOptions = datasetOptions
        settings.samplesPerClient = samplesPerClient
        settings.partition = partition
        settings.alpha = alpha
        settings.partitionOptions = partitionOptions
        settings.clientTest = clientTest
        settings.epochs = epochs
        settings.localSteps = localSteps
        settings.batchSize = batchSize
        settings.lr = lr
        settings.lrSchedule = lrSchedule
        settings.lrScheduleOptions = lrScheduleOptions
        settings.warmupRounds = warmupRounds
        settings.serverLr = serverLr
        settings.clipGradients = clipGradients
        settings.momentum = momentum
        settings.weightDecay = weightDecay
        settings.seed = seed
        settings.threads = threads
        settings.evalEvery = evalEvery
        settings.inject = inject
        settings.wire = wire
        settings.roundDeadline = roundDeadline?.value
        settings.latePolicy = latePolicy
        settings.minClients = minClients
        settings.roundRetries = roundRetries
        settings.stragglerProb = stragglerProb
        settings.stragglerDelay = stragglerDelay.value
        settings.bandwidthMbps = bandwidthMbps
        settings.latencyMs = latencyMs
        settings.deviceSpeed = deviceSpeed
        settings.deviceSpread = deviceSpread
        settings.dropProb = dropProb
        settings.realDelays = realDelays
        settings.onFailure = onFailure
        settings.failureTimeout = failureTimeout
        return settings
    }
}

/// The options that decide what a run prints and leaves.
struct OutputOptions: ParsableArguments {
    @Option(help: "Folder of all runs.")
    var results = "results"

    @Option(help: "Name of this run's folder in it. (default: date and time)")
    var runName: String?

    @Option(help: "Save a checkpoint every so many rounds, at most one a second; 0: only when the run is stopped.")
    var checkpointEvery = 1

    @Option(help: "Record what each rank does with its time, in the run's folder under timing: on or off.")
    var timing = Switch.on

    @Flag(help: "Do not end with tables, pictures and a report; fedmpi report makes them later.")
    var noReport = false

    @Flag(help: "Also write the curves as TensorBoard events, into the run's folder.")
    var tensorboard = false

    @Flag(help: "Leave the run out of the history that `fedmpi runs` shows.")
    var noHistory = false

    @Flag(help: "Print one JSON object per line instead of a table.")
    var json = false

    @Flag(help: "Print nothing but errors.")
    var quiet = false

    func validate() throws {
        guard checkpointEvery >= 0 else {
            throw ConfigurationError("--checkpoint-every is \(checkpointEvery); it must be at least 0")
        }
    }
}

/// Read before the other options are parsed; declared so that `--help` tells of it.
struct ConfigurationOption: ParsableArguments {
    @Option(help: "YAML file with any of the options by name, or a run's config.json; flags override it.")
    var config: String?
}

/// On or off.
enum Switch: String, ExpressibleByArgument, CaseIterable {
    case on, off
}

extension RunSettings.OnFailure: ExpressibleByArgument {}
extension RunSettings.LatePolicy: ExpressibleByArgument {}
