import FedCore

/// What is simulated of the clients' devices and their links. Everything random is drawn from the seed, by round and
/// client: the same on whichever rank a client runs.
public struct DeviceSimulation: Sendable, Equatable {
    /// Probability that a client starts late in a round, in [0, 1].
    public var stragglerProbability = 0.0
    /// How late, in seconds: the mean of an exponential distribution, ≥ 0.
    public var stragglerDelay = 0.0
    /// Probability that a client does not answer in a round, in [0, 1].
    public var dropProbability = 0.0
    /// Samples that a device trains on in a second, > 0; nil: training takes no simulated time.
    public var samplesPerSecond: Double?
    /// How unlike the devices are: each has the speed above times e^(σz), z standard normal and its own for the whole run;
    /// σ ≥ 0.
    public var speedSpread = 0.0
    public var link = Link()
    /// Whether the delays are slept through; otherwise they are virtual time that nobody waits for.
    public var isReal = false

    public init() {}

    /// Whether anything takes time that is simulated.
    public var takesTime: Bool {
        stragglerProbability > 0 && stragglerDelay > 0 || samplesPerSecond != nil || !link.isIdeal
    }

    /// Whether a round happens in virtual time.
    public var isVirtual: Bool { takesTime && !isReal }

    /// Samples that this client's device trains on in a second; nil: training takes no simulated time. The same bits on
    /// every machine.
    public func samplesPerSecond(ofClient client: Int, seed: UInt64) -> Double? {
        guard let samplesPerSecond, speedSpread > 0 else { return samplesPerSecond }
        // Rounds begin at 1.
        var random = RandomStream(seed: seed, .conditions, round: 0, client: client)
        let exponent = speedSpread * PortableMath.normal(&random)
        let factor = PortableMath.exp(-abs(exponent))
        return exponent < 0 ? samplesPerSecond * factor : samplesPerSecond / factor
    }

    /// What happens to a client.
    /// - Parameters:
    ///   - attempt: of the round, from 0.
    ///   - downloadBytes, uploadBytes: what it receives and sends.
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

/// What happens to one client in one round. All times are simulated seconds.
public struct DeviceConditions: Sendable, Equatable {
    /// It does not answer.
    public var isDropped = false
    /// Before it starts to train.
    public var delay = 0.0
    public var download = 0.0
    public var upload = 0.0
    /// Seconds that training on one sample takes.
    public var secondsPerSample = 0.0

    /// A device that answers and costs no time.
    public init() {}

    init(isDropped: Bool, delay: Double, download: Double, upload: Double, secondsPerSample: Double) {
        self.isDropped = isDropped
        self.delay = delay
        self.download = download
        self.upload = upload
        self.secondsPerSample = secondsPerSample
    }

    /// From the round's start until so many samples are trained, without the upload.
    public func seconds(samples: Int) -> Double {
        download + delay + Double(samples) * secondsPerSample
    }
}
