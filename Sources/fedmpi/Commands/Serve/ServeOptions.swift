import ArgumentParser
import Devices
import FedCore
import Serving

/// The device that is served on, where it is not this machine as it is.
struct DeviceOptions: ParsableArguments {
    @Option(help: "YAML file with a list of devices; each rank from 1 serves as one of them, in turn.")
    var profiles: String?

    @Option(help: "Of the devices in --profiles only these: name,name.")
    var profile: String?

    @Option(help: "Cores of the device.")
    var cores: Int?

    @Option(help: "Memory of the device in MB; the kernel holds the device's process to it.")
    var ramMb: Double?

    @Option(help: "Clock of the device in MHz; shown only.")
    var clockMhz: Double?

    @Option(help: "GFLOP/s of all its cores. What a core here has more is simulated: times are multiplied.")
    var gflops: Double?

    @Option(help: "Memory bandwidth of the device in GB/s; shown only.")
    var bandwidthGbs: Double?

    @Option(help: "Link of the device in Mbit/s; shown only.")
    var linkMbps: Double?

    @Option(help: "Share of each core's time that it may take, 0.001 to 1; kept by a control group where allowed.")
    var cpuShare: Double?

    @Option(help: "Watts while it idles, for the energy estimate.")
    var idleWatts: Double?

    @Option(help: "Watts while it computes.")
    var busyWatts: Double?

    private var stated: [(DeviceQuantity, Double)] {
        let values: [(DeviceQuantity, Double?)] = [
            (.cores, cores.map(Double.init)), (.ramMegabytes, ramMb), (.clockMegahertz, clockMhz), (.gflops, gflops),
            (.memoryBandwidth, bandwidthGbs), (.linkMegabits, linkMbps), (.cpuShare, cpuShare),
            (.idleWatts, idleWatts), (.busyWatts, busyWatts),
        ]
        return values.compactMap { quantity, value in value.map { (quantity, $0) } }
    }

    /// - Throws: `ConfigurationError`.
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

/// What a model may cost.
struct BudgetOptions: ParsableArguments {
    @Option(help: "Longest time of an image in ms, 95th percentile; also what serving is held to under load.")
    var maxLatencyMs = 100.0

    @Option(help: "Most memory of the serving process in MB. (default: what the device has)")
    var maxMemoryMb: Double?

    @Option(help: "Most MB of a model's weights as they are stored.")
    var maxSizeMb = 10.0

    @Flag(help: "Do not restrict a model's size by the device's tier, only by --max-size-mb.")
    var ignoreTiers = false

    func validate() throws {
        for (name, value) in [
            ("--max-latency-ms", maxLatencyMs), ("--max-memory-mb", maxMemoryMb ?? 1), ("--max-size-mb", maxSizeMb),
        ] {
            guard value > 0, value <= 1e9 else {
                throw ConfigurationError("\(name) is \(value); it must be greater than 0")
            }
        }
    }

    var budget: Budget {
        Budget(latency: maxLatencyMs / 1000, storedMegabytes: maxSizeMb, memoryMegabytes: maxMemoryMb)
    }
}

/// What is asked of the devices, and when they change variants.
struct LoadOptions: ParsableArguments {
    @Option(
        help:
            "Requests of each device, one after another, or of each phase. (default: 1000 without --seconds and --rate)"
    )
    var requests: Int?

    @Option(help: "Seconds of serving on each device, or of each phase. (default: 5 with --rate)")
    var seconds: Seconds?

    @Option(
        help:
            "Requests a second, as a Poisson process, by phase: 50,500,50; 0: the next comes when the last is answered.",
        transform: LoadOptions.numbers)
    var rate: [Double] = []

    @Option(help: "Requests that may wait; more are turned away.")
    var maxQueue = 1000

    @Option(help: "Test images that requests are made of.")
    var images = 512

    @Option(
        help: "Step up when the better variant is expected to stay under this share of --max-latency-ms, in (0, 1).")
    var headroom = AdaptationPolicy(target: 1).headroom

    @Option(help: "How long a variant serves at least before the device steps up.")
    var patience = Seconds(value: AdaptationPolicy(target: 1).patience)

    @Option(help: "Responses that the 95th percentile is taken over.")
    var window = AdaptationPolicy(target: 1).window

    private static func numbers(_ text: String) throws -> [Double] {
        try text.split(separator: ",", omittingEmptySubsequences: false).map { word in
            guard let number = Double(word), number == 0 || (1e-6...1e6).contains(number) else {
                throw ValidationError(
                    "--rate is '\(text)', not numbers from 0.000001 to 1000000, or 0, such as 50,500,50")
            }
            return number
        }
    }

    func validate() throws {
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

    var load: Load {
        let isPlain = requests == nil && seconds == nil
        let seconds = seconds?.value ?? (requests == nil && !rate.isEmpty ? 5 : nil)
        let requests = requests ?? (isPlain && rate.isEmpty ? 1000 : nil)
        let phases = (rate.isEmpty ? [0] : rate).map { rate in
            Load.Phase(rate: rate > 0 ? rate : nil, seconds: seconds, requests: requests)
        }
        return Load(phases: phases, longestQueue: maxQueue)
    }

    func policy(target: Double) -> AdaptationPolicy {
        var policy = AdaptationPolicy(target: target)
        policy.headroom = headroom
        policy.patience = patience.value
        policy.window = window
        return policy
    }
}
