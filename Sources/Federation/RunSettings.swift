import FedCore

/// Everything that decides a run's result, resolved: rank 0 makes it, every rank decodes the same bytes.
///
/// The coding keys are the names of the command-line options, so a run's `config.json` can be read back as a
/// configuration file.
public struct RunSettings: Codable, Sendable, Equatable {
    /// Federated rounds, ≥ 1.
    public var rounds = 10
    /// Clients in the federation, ≥ 1; more clients than ranks share ranks.
    public var clients = 5
    /// The share of the clients that each round trains, in (0, 1].
    public var clientFraction = 1.0
    public var strategy = "fedavg"
    public var model = "edgecnn-large"
    public var dataset = "fashion-mnist"
    /// Training samples per client of a data set that is generated; others have the size they have.
    public var samplesPerClient = 600
    public var partition = "dirichlet"
    /// Concentration of the Dirichlet partition, > 0: small is skewed, large is even.
    public var alpha = 0.5
    /// Passes over a client's samples per round, ≥ 0; with 0 a round is only its exchange.
    public var epochs = 1
    /// Samples per step of local training, ≥ 1.
    public var batchSize = 32
    /// Learning rate of local SGD, > 0.
    public var lr: Float = 0.05
    /// Momentum of local SGD, in [0, 1).
    public var momentum: Float = 0.9
    /// L2 penalty of local SGD, ≥ 0.
    public var weightDecay: Float = 0
    public var seed: UInt64 = 42
    /// Threads of one rank's arithmetic, ≥ 1.
    public var threads = 1
    /// Evaluates on the test set every so many rounds, and after the last; ≥ 1.
    public var evalEvery = 1

    /// What becomes of the clients of a lost rank.
    public var onFailure = OnFailure.reassign
    /// Seconds of silence after which a rank that is waited for is lost, ≥ 1.
    public var failureTimeout = 10.0

    /// Faults to make on purpose, as `Fault` reads them.
    public var inject: [String] = []

    public enum OnFailure: String, Codable, Sendable, CaseIterable {
        /// Other ranks train them, to the same weights: right for a simulation.
        case reassign
        /// They are left out of the round: right when the rank was the device.
        case drop
    }

    public init() {}

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case rounds, clients, strategy, model, dataset, partition, alpha, epochs, lr, momentum, seed, threads
        case clientFraction = "client-fraction"
        case samplesPerClient = "samples-per-client"
        case batchSize = "batch-size"
        case weightDecay = "weight-decay"
        case evalEvery = "eval-every"
        case inject
        case onFailure = "on-failure"
        case failureTimeout = "failure-timeout"
    }

    /// Refuses values outside their ranges, naming the option and what it accepts.
    public func validate() throws(ConfigurationError) {
        func require(_ condition: Bool, _ option: String, _ value: some Any, _ accepts: String)
            throws(ConfigurationError)
        {
            guard condition else { throw ConfigurationError("--\(option) is \(value); it must be \(accepts)") }
        }
        try require(rounds >= 1, "rounds", rounds, "at least 1")
        try require(clients >= 1, "clients", clients, "at least 1")
        // Rounds and clients are coordinates of random streams, and numbers of 32 bits on the wire.
        try require(rounds <= Int(UInt32.max), "rounds", rounds, "at most \(UInt32.max)")
        try require(clients <= Int(UInt32.max), "clients", clients, "at most \(UInt32.max)")
        try require(clientFraction > 0 && clientFraction <= 1, "client-fraction", clientFraction, "in (0, 1]")
        try require(samplesPerClient >= 1, "samples-per-client", samplesPerClient, "at least 1")
        try require(alpha > 0 && alpha.isFinite, "alpha", alpha, "greater than 0")
        try require(epochs >= 0, "epochs", epochs, "at least 0")
        try require(batchSize >= 1 && batchSize <= 65_536, "batch-size", batchSize, "from 1 to 65536")
        try require(lr > 0 && lr.isFinite, "lr", lr, "greater than 0")
        try require(momentum >= 0 && momentum < 1, "momentum", momentum, "in [0, 1)")
        try require(weightDecay >= 0 && weightDecay.isFinite, "weight-decay", weightDecay, "at least 0")
        try require(threads >= 1 && threads <= 1024, "threads", threads, "from 1 to 1024")
        try require(
            failureTimeout >= 1 && failureTimeout <= 86_400, "failure-timeout", failureTimeout,
            "from 1 to 86400 seconds")
        for fault in inject { _ = try Fault(fault) }
        try require(evalEvery >= 1, "eval-every", evalEvery, "at least 1")
    }

    /// Clients that each round trains: `clientFraction` of them, rounded, at least one.
    public var cohortSize: Int {
        let share = (clientFraction * Double(clients)).rounded()
        // Beyond 2⁵³ a Double may be above the number of clients, and above any Int.
        return share < Double(clients) ? max(1, Int(share)) : clients
    }
}
