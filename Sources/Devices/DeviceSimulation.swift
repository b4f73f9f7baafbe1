import FedCore

/// Settings of the simulated clients' devices and links: slow starts, dropouts, speeds, bandwidth.
///
/// Everything random is drawn from the seed, by round and client: the same on whichever rank a client runs.
/// Times are simulated seconds. They either pass in virtual time, which is computed and costs nothing, or are
/// slept through (``isReal``), as a demonstration of a slow federation wants it.
public struct DeviceSimulation: Sendable, Equatable {
    /// Probability that a client starts late in a round, in [0, 1].
    public var stragglerProbability = 0.0
    /// Mean delay of a client that starts late, in seconds, ≥ 0; the delay is exponentially distributed.
    public var stragglerDelay = 0.0
    /// Probability that a client does not answer in a round, in [0, 1].
    public var dropProbability = 0.0
    /// Number of samples that a device trains on in a second, > 0; nil: training takes no simulated time.
    public var samplesPerSecond: Double?
    /// Spread σ ≥ 0 of the devices' speeds: each has ``samplesPerSecond`` times e^(σz), z standard normal and
    /// its own for the whole run. 0: all are equal.
    public var speedSpread = 0.0
    /// Link of a client to the server. In virtual time each client has one of its own: they do not share
    /// bandwidth.
    public var link = Link()
    /// Whether a fleet states speed and link of each client's device (``Fleet``).
    public var hasFleet = false
    /// Whether the links of edges to the cloud take simulated time.
    public var hasEdgeLinks = false
    /// Whether delays are slept through; otherwise they are virtual time that nobody waits for.
    public var isReal = false

    /// Creates settings that simulate nothing: ideal devices, links without delay.
    public init() {}

    /// Whether anything takes simulated time.
    public var takesTime: Bool {
        hasFleet || hasEdgeLinks || stragglerProbability > 0 && stragglerDelay > 0 || samplesPerSecond != nil
            || !link.isIdeal
    }

    /// Whether rounds happen in virtual time: deadlines are then compared with computed times, not with the
    /// clock.
    public var isVirtual: Bool { takesTime && !isReal }

    /// Speed of one client's device.
    ///
    /// - Parameters:
    ///   - client: the client's number.
    ///   - seed: seed of the run.
    /// - Returns: samples in a second, the same bits on every machine and in every round; nil: training takes
    ///   no simulated time.
    public func samplesPerSecond(ofClient client: Int, seed: UInt64) -> Double? {
        samplesPerSecond.map { Self.speed($0, spread: speedSpread, ofClient: client, seed: seed) }
    }

    /// A speed times e^(σz), z standard normal and the client's own for the whole run.
    /// - Parameters:
    ///   - usual: the speed of most, in any unit.
    ///   - spread: σ ≥ 0; 0 gives the usual speed.
    static func speed(_ usual: Double, spread: Double, ofClient client: Int, seed: UInt64) -> Double {
        guard spread > 0 else { return usual }
        // Rounds begin at 1.
        var random = RandomStream(seed: seed, .conditions, round: 0, client: client)
        let exponent = spread * PortableMath.normal(&random)
        let factor = PortableMath.exp(-abs(exponent))
        return exponent < 0 ? usual * factor : usual / factor
    }

    /// Draws the conditions of one client in one round. O(1).
    ///
    /// - Parameters:
    ///   - client: the client's number.
    ///   - round: the round, from 1.
    ///   - attempt: attempt of the round, from 0: a repeated round has other stragglers and dropouts.
    ///   - seed: seed of the run.
    ///   - downloadBytes: bytes that the client receives.
    ///   - uploadBytes: bytes that it sends.
    public func conditions(
        ofClient client: Int, round: Int, attempt: Int, seed: UInt64, downloadBytes: Int, uploadBytes: Int
    ) -> DeviceConditions {
        var random = RandomStream(seed: seed, .conditions, round: round, client: client, salt: attempt)
        // Drawn always and in this order, so that one setting does not change what another draws.
        let (drop, straggle, delay) = (
            random.uniformDouble(), random.uniformDouble(), random.exponential(mean: stragglerDelay)
        )
        return DeviceConditions(
            isDropped: drop < dropProbability,
            delay: straggle < stragglerProbability ? delay : 0,
            download: link.seconds(bytes: downloadBytes),
            upload: link.seconds(bytes: uploadBytes),
            secondsPerSample: samplesPerSecond(ofClient: client, seed: seed).map { 1 / $0 } ?? 0)
    }
}

/// Conditions of one client in one round. All times are simulated seconds.
public struct DeviceConditions: Sendable, Equatable {
    /// Whether the client does not answer in this round.
    public var isDropped = false
    /// Seconds before it starts to train.
    public var delay = 0.0
    /// Seconds that receiving the weights takes.
    public var download = 0.0
    /// Seconds that sending the update takes.
    public var upload = 0.0
    /// Seconds that training on one sample takes; 0: no simulated time.
    public var secondsPerSample = 0.0

    /// A device that answers and costs no time.
    public init() {}

    /// States everything.
    public init(isDropped: Bool, delay: Double, download: Double, upload: Double, secondsPerSample: Double) {
        self.isDropped = isDropped
        self.delay = delay
        self.download = download
        self.upload = upload
        self.secondsPerSample = secondsPerSample
    }

    /// Seconds from the round's start until so many samples are trained: download, delay and training, without
    /// the upload.
    ///
    /// - Parameter samples: number of samples over all local epochs, ≥ 0.
    public func seconds(samples: Int) -> Double {
        download + delay + Double(samples) * secondsPerSample
    }
}
