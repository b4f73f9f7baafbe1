package import Devices
import FedCore
import NeuralNet
import Records

/// What every rank knows of a run's simulated fleet: which device a client has, how fast it trains the run's model, and
/// how large its batches are. Drawn from the seed; what changes from hour to hour is the server's ``FleetClock``.
/// A class with too little memory for a whole batch takes smaller ones (adaptive batching), and of a model that comes in several widths a
/// narrower one. Neither asks the processor that runs the simulation: layers are counted, so that ranks on unlike machines agree.
package struct FleetTerms: Sendable {
    package let fleet: Fleet
    private let seed: UInt64
    /// Floating-point operations of training on one sample, by the width of the model: one of a model that is trained
    /// whole.
    private let flops: [Double]
    /// The width that each class trains, as an index; 0 of a model that is trained whole.
    let widths: [Int]
    /// Samples of a step, by class: the largest batch that fits into the class's memory, at most `--batch-size`; 0 where
    /// nothing fits.
    let batches: [Int]

    /// Works out widths and batches: of several widths a class trains the widest that its memory holds at a whole batch, and
    /// that is not above the width that it states; or the narrowest.
    /// - Parameters:
    ///   - text: the fleet.
    ///   - models: the model, or the models of all widths from the widest on.
    ///   - shares: the width of each of them, 1 of the model itself.
    ///   - moments: vectors that the optimizer remembers.
    ///
    /// - Throws: `ConfigurationError` when no class of the fleet has the memory to train the model, one states a width below
    ///   all that there are, or the clients are not as many as the devices that classes count.
    init(
        _ settings: RunSettings, _ text: String, _ models: [Model], widths shares: [Double] = [1], moments: Int
    ) throws(ConfigurationError) {
        let fleet = try Fleet(text)
        try fleet.check(clients: settings.clients, option: "--clients")
        self.fleet = fleet
        seed = settings.seed
        flops = models.map { Double(max($0.trainingFlops, 1)) }
        if models.count > 1, let narrowest = shares.last,
            let device = fleet.classes.first(where: { $0[.width] < narrowest })
        {
            throw ConfigurationError(
                "class '\(device.name)' trains no model wider than \(device[.width]), and the narrowest of --widths is \(narrowest)"
            )
        }
        widths = fleet.classes.map { device in
            models.indices.first {
                (models.count == 1 || shares[$0] <= device[.width])
                    && models[$0].trainingBytes(batch: settings.batchSize, moments: moments) <= device.memoryBytes
            } ?? models.count - 1
        }
        batches = zip(fleet.classes, widths).map { device, width in
            models[width].largestBatch(upTo: settings.batchSize, within: device.memoryBytes, moments: moments)
        }
        guard let narrowest = models.last else { preconditionFailure("a run has a model") }
        guard batches.contains(where: { $0 > 0 }) else {
            let least = (narrowest.trainingBytes(batch: 1, moments: moments) + 1023) / 1024
            throw ConfigurationError(
                "no class of fleet '\(fleet.name)' can train model '\(narrowest.name)', which takes \(NumberText.grouped(least)) KB "
                    + "at a batch of 1: choose a smaller model, or state memory-kb")
        }
        guard (0..<settings.clients).contains(where: { batches[fleet.index(ofClient: $0, seed: seed)] > 0 }) else {
            throw ConfigurationError(
                "none of the \(NumberText.count(settings.clients, "device")) drawn of fleet '\(fleet.name)' can train model "
                    + "'\(narrowest.name)': choose a smaller model or more clients, or state memory-kb")
        }
    }

    /// The width that a client's device trains, as an index.
    func width(ofClient client: Int) -> Int { widths[fleet.index(ofClient: client, seed: seed)] }

    /// Devices of each class, and the samples of a step there, for the run's beginning.
    package func classes(clients: Int) -> [(device: DeviceClass, clients: Int, batch: Int)] {
        var counts = [Int](repeating: 0, count: fleet.classes.count)
        for client in 0..<clients { counts[fleet.index(ofClient: client, seed: seed)] += 1 }
        return fleet.classes.indices.map { (fleet.classes[$0], counts[$0], batches[$0]) }
    }

    /// The class of a client's device.
    func deviceClass(of client: Int) -> DeviceClass { fleet.classes[fleet.index(ofClient: client, seed: seed)] }

    /// Samples of a step on a client's device, at least 1: a client that cannot train is not asked.
    func batch(ofClient client: Int) -> Int { max(batches[fleet.index(ofClient: client, seed: seed)], 1) }

    /// Seconds of training on one sample at so many GFLOP/s, of a model of some width.
    func secondsPerSample(_ gigaflops: Double, width: Int) -> Double { flops[width] / (gigaflops * 1e9) }

    /// Puts what a client's device takes into its conditions.
    /// - Parameters:
    ///   - isAway: whether it is away from home.
    ///   - width: the width of the model that it trains.
    ///   - downloadBytes: bytes that it receives.
    ///   - uploadBytes: bytes that it sends.
    func apply(
        to conditions: inout DeviceConditions, client: Int, isAway: Bool, width: Int, downloadBytes: Int,
        uploadBytes: Int
    ) {
        let device = deviceClass(of: client)
        conditions.secondsPerSample = secondsPerSample(fleet.gigaflops(ofClient: client, seed: seed), width: width)
        guard let connection = device.connection(isAway: isAway) else { return }
        conditions.download = connection.secondsDown(bytes: downloadBytes)
        conditions.upload = connection.secondsUp(bytes: uploadBytes)
    }
}

extension Job {
    /// Samples of a step of a client's training: `--batch-size`, or less where a simulated device has no memory for it.
    func batchSize(ofClient client: Int) -> Int {
        min(batchSize, fleet?.batch(ofClient: client) ?? batchSize)
    }

    /// Refuses what a simulated fleet does not go with.
    static func checkFleet(_ settings: RunSettings, isAsynchronous: Bool) throws(ConfigurationError) {
        guard settings.fleet != nil else { return }
        if isAsynchronous {
            throw ConfigurationError(
                "strategy '\(settings.strategy)' has a clock of its own, by which clients start at any time: --fleet is for "
                    + "strategies with rounds")
        }
        if settings.localSteps != nil {
            throw ConfigurationError(
                "--local-steps counts steps of one batch size, and a fleet's devices have several: give --epochs with --fleet"
            )
        }
    }
}
