import ArgumentParser
import Devices
import FedCore
import Serving

/// The options that describe the devices: one device by flags, or several in a file, never both.
///
/// What is not stated is taken from the machine that stands in for the device. Stated cores and memory are limits
/// that the kernel keeps; a stated speed below the machine's is simulated.
struct DeviceOptions: ParsableArguments {
    /// Path of a file of devices (``ProfileFile``); nil describes one device by the flags below.
    @Option(
        help:
            "YAML file with a list of devices (`fedmpi help profiles`), or a simulated fleet (people, edge, or its file); each rank from 1 serves as one, in turn."
    )
    var profiles: String?

    /// Names of the devices in the file that serve, in this order; nil takes all.
    @Option(help: "Of the devices in --profiles only these: name,name.")
    var profile: String?

    /// Number of cores, 1 to 4,096.
    @Option(help: "Cores of the device.")
    var cores: Int?

    /// Memory in MB of 10⁶ bytes.
    @Option(help: "Memory of the device in MB; the kernel holds the device's process to it.")
    var ramMb: Double?

    /// What a class of a simulated fleet states; MB of 10⁶ bytes.
    @Option(help: "Memory for one model's weights and tensors in MB, beside the program; takes the place of a tier.")
    var modelMb: Double?

    @Option(help: "Clock of the device in MHz; shown only.")
    var clockMhz: Double?

    @Option(help: "GFLOP/s of all its cores. What a core here has more is simulated: times are multiplied.")
    var gflops: Double?

    @Option(help: "Memory bandwidth of the device in GB/s; shown only.")
    var bandwidthGbs: Double?

    @Option(help: "Link of the device in Mbit/s; shown only.")
    var linkMbps: Double?

    /// Share of each core's time, 0.001 to 1.
    @Option(help: "Share of each core's time that it may take, 0.001 to 1; kept by a control group where allowed.")
    var cpuShare: Double?

    /// Watts of the device when no core computes. Goes together with ``busyWatts``; without both there is no
    /// energy estimate.
    @Option(help: "Watts while it idles, for the energy estimate.")
    var idleWatts: Double?

    @Option(help: "Watts while it computes.")
    var busyWatts: Double?

    /// The quantities that flags state, in the units of their names.
    private var stated: [(DeviceQuantity, Double)] {
        let values: [(DeviceQuantity, Double?)] = [
            (.cores, cores.map(Double.init)), (.ramMegabytes, ramMb), (.modelMegabytes, modelMb),
            (.clockMegahertz, clockMhz), (.gflops, gflops),
            (.memoryBandwidth, bandwidthGbs), (.linkMegabits, linkMbps), (.cpuShare, cpuShare),
            (.idleWatts, idleWatts), (.busyWatts, busyWatts),
        ]
        return values.compactMap { quantity, value in value.map { (quantity, $0) } }
    }

    /// The devices that serve, each checked. Reads the file, if there is one; every rank calls it.
    ///
    /// - Returns: At least one device. Without any flag it is this machine as it is.
    /// - Throws: `ConfigurationError` for a file that cannot be read, a name that it does not have, a value out
    ///   of range, and for flags beside a file: it would not be clear which device they describe.
    func descriptions() throws -> [DeviceDescription] {
        guard let profiles else {
            if profile != nil {
                throw ConfigurationError("--profile chooses among devices; --profiles names their file")
            }
            var device = DeviceDescription(name: stated.isEmpty ? "this machine" : "device")
            for (quantity, value) in stated { try device.state(quantity, value) }
            try device.validate()
            return [device]
        }
        if let (quantity, _) = stated.first {
            throw ConfigurationError("--\(quantity.rawValue) and --profiles do not go together; state it in the file")
        }
        let devices = try ProfileFile.read(profiles)
        guard let profile else { return devices }
        return try profile.split(separator: ",", omittingEmptySubsequences: false).map { name in
            guard let device = devices.first(where: { $0.name == name }) else {
                throw ConfigurationError(
                    unknown: "device", String(name), choices: devices.map(\.name), in: profiles)
            }
            return device
        }
    }
}

/// The options that say what a model may cost. The device's memory and tier restrict it further (`Budget`).
struct BudgetOptions: ParsableArguments {
    /// Milliseconds that 95 of 100 images may take, > 0. It decides twice: which models may serve, and when a
    /// device under load changes to another.
    @Option(help: "Longest time of an image in ms, 95th percentile; also what serving is held to under load.")
    var maxLatencyMs = 100.0

    /// MB of 10⁶ bytes of the whole process, > 0; nil is what the device has.
    @Option(help: "Most memory of the serving process in MB. (default: what the device has)")
    var maxMemoryMb: Double?

    /// MB of 10⁶ bytes of the stored weights, > 0.
    @Option(help: "Most MB of a model's weights as they are stored.")
    var maxSizeMb = 10.0

    @Flag(help: "Do not restrict a model's size by the device's tier, only by --max-size-mb.")
    var ignoreTiers = false

    /// Refuses limits that are not positive numbers.
    func validate() throws {
        for (name, value) in [
            ("--max-latency-ms", maxLatencyMs), ("--max-memory-mb", maxMemoryMb ?? 1), ("--max-size-mb", maxSizeMb),
        ] {
            guard value > 0, value <= 1e9 else {
                throw ConfigurationError("\(name) is \(value); it must be greater than 0")
            }
        }
    }

    /// The limits in the units of `Budget`: seconds and bytes.
    var budget: Budget {
        Budget(latency: maxLatencyMs / 1000, storedMegabytes: maxSizeMb, memoryMegabytes: maxMemoryMb)
    }
}

/// The options that say what is asked of the devices, and when these change variants.
///
/// Phases let a load rise and fall within one run: `--rate 50,500,50` is calm, rush and calm again, each of
/// ``seconds`` or ``requests``.
struct LoadOptions: ParsableArguments {
    /// Requests of each phase, ≥ 1.
    @Option(
        help:
            "Requests of each device, one after another, or of each phase. (default: 1000 without --seconds and --rate)"
    )
    var requests: Int?

    /// Duration of each phase, on the device's clock.
    @Option(help: "Seconds of serving on each device, or of each phase. (default: 5 with --rate)")
    var seconds: Seconds?

    /// Requests a second by phase; 0 is a closed loop. Empty is one phase in a closed loop.
    @Option(
        help:
            "Requests a second, as a Poisson process, by phase: 50,500,50; 0: the next comes when the last is answered.",
        transform: LoadOptions.numbers)
    var rate: [Double] = []

    /// Requests that may wait in an open loop, ≥ 1. It bounds memory and the time to empty the queue when no
    /// variant copes.
    @Option(help: "Requests that may wait; more are turned away.")
    var maxQueue = 1000

    /// Distinct test images, ≥ 1. They are in the device's memory, so more of them leave less of it to the model.
    @Option(help: "Test images that requests are made of.")
    var images = 512

    /// Share of the target latency, in (0, 1), under which a better variant must be expected to stay. The gap to
    /// 1 keeps a device from going back and forth.
    @Option(
        help: "Step up when the better variant is expected to stay under this share of --max-latency-ms, in (0, 1).")
    var headroom = AdaptationPolicy(target: 1).headroom

    /// Time that a variant serves at least before a better one is tried.
    @Option(help: "How long a variant serves at least before the device steps up.")
    var patience = Seconds(value: AdaptationPolicy(target: 1).patience)

    /// Responses behind a decision, 40 to 100,000; 40 is the least that one is taken on (`AdaptationPolicy`).
    @Option(help: "Responses that the 95th percentile is taken over.")
    var window = AdaptationPolicy(target: 1).window

    /// Reads `50,500,50`.
    ///
    /// - Throws: `ValidationError` for a word that is no number, and for rates that neither are 0 nor lie in
    ///   10⁻⁶…10⁶.
    private static func numbers(_ text: String) throws -> [Double] {
        try text.split(separator: ",", omittingEmptySubsequences: false).map { word in
            guard let number = Double(word), number == 0 || (1e-6...1e6).contains(number) else {
                throw ValidationError(
                    "--rate is '\(text)', not numbers from 0.000001 to 1000000, or 0, such as 50,500,50")
            }
            return number
        }
    }

    /// Checks all ranges, with one line for the first option that is out of its own.
    func validate() throws {
        /// Throws the text as a `ConfigurationError` unless the condition holds.
        func require(_ isFulfilled: Bool, _ text: String) throws {
            if !isFulfilled { throw ConfigurationError(text) }
        }
        try require(requests ?? 1 >= 1, "--requests must be at least 1")
        try require(seconds.map { $0.value > 0 && $0.value <= 86_400 } ?? true, "--seconds must be in (0, 86400]")
        try require(maxQueue >= 1, "--max-queue must be at least 1")
        try require(images >= 1, "--images must be at least 1")
        try require(headroom > 0 && headroom < 1, "--headroom is \(headroom); it must be in (0, 1)")
        try require(patience.value >= 0 && patience.value <= 86_400, "--patience must be from 0 to 86400 s")
        try require((40...100_000).contains(window), "--window is \(window); it must be from 40 to 100000")
    }

    /// The phases, with the defaults that depend on what was given, since each phase must end: with ``rate``
    /// after 5 seconds, without it after 1,000 requests.
    var load: Load {
        let isPlain = requests == nil && seconds == nil
        let seconds = seconds?.value ?? (requests == nil && !rate.isEmpty ? 5 : nil)
        let requests = requests ?? (isPlain && rate.isEmpty ? 1000 : nil)
        let phases = (rate.isEmpty ? [0] : rate).map { rate in
            Load.Phase(rate: rate > 0 ? rate : nil, seconds: seconds, requests: requests)
        }
        return Load(phases: phases, longestQueue: maxQueue)
    }

    /// When a device changes variants.
    ///
    /// - Parameter target: Seconds that 95 of 100 responses may take, > 0.
    func policy(target: Double) -> AdaptationPolicy {
        var policy = AdaptationPolicy(target: target)
        policy.headroom = headroom
        policy.patience = patience.value
        policy.window = window
        return policy
    }
}
