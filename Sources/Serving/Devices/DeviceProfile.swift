/// The quantities of a device or of a machine, each with its origin. Stated ones describe a device that is not here;
/// what becomes of them (kept by the kernel, simulated, or only shown) is ``DeviceServer``'s part, and stands in
/// ``DeviceReport/limits``.
public struct DeviceProfile: Sendable, Codable, Equatable {
    /// Where a quantity is from. Raw values stand in `fleet.json`.
    public enum Origin: String, Sendable, Codable {
        /// Stated in a profile file or on the command line.
        case stated
        /// Timed on this machine.
        case measured
        /// Read from the operating system.
        case read
    }

    /// The device's name.
    public var name: String
    /// Processor cores, ≥ 1.
    public var cores: Int
    /// Memory in MB of 10⁶ bytes.
    public var ramMegabytes: Double
    /// MB of 10⁶ bytes for the weights and tensors of one model, beside the program: what a class of a simulated fleet
    /// states. nil: the program and its models share ``ramMegabytes``.
    public var modelMegabytes: Double?
    /// Clock in MHz; nil when unknown. Shown only: nothing is decided by it.
    public var clockMegahertz: Double?
    /// Single-precision GFLOP/s of all cores together.
    public var gflops: Double
    /// GB/s (10⁹ bytes) between the cores and the memory; nil when unknown. Shown only.
    public var memoryBandwidth: Double?
    /// Mbit/s of the link to the network; nil when unknown. Shown only.
    public var linkMegabits: Double?
    /// Share of a core's time that serving may take, 0.001 to 1. An image takes one thread, so one core is what counts.
    public var cpuShare = 1.0
    /// Watts while nothing is computed; nil: no energy is estimated.
    public var idleWatts: Double?
    /// Watts while one core computes; nil: no energy is estimated.
    public var busyWatts: Double?
    /// Origins by the names of ``DeviceQuantity``. Quantities that can only be stated (shares, watts) are missing
    /// unless they are.
    public var origins: [String: Origin] = [:]

    /// A profile with what every device has; the rest is unknown until it is set.
    public init(name: String, cores: Int, ramMegabytes: Double, gflops: Double) {
        self.name = name
        self.cores = cores
        self.ramMegabytes = ramMegabytes
        self.gflops = gflops
    }

    /// GFLOP/s of one core: what a single image on one thread gets at best.
    public var gflopsPerCore: Double { gflops / Double(cores) }

    /// GFLOP/s that serving may take: of all cores, for its share of the time. Tiers are assigned by it.
    public var availableGflops: Double { gflops * cpuShare }

    /// Whether the device's tier bounds the size of its models. A device that states its memory for models is bounded by
    /// that instead: nothing is known of the rest of its memory, nor of other cores, which tiers ask for.
    public var hasTier: Bool { modelMegabytes == nil }

    /// Where a quantity is from; nil when it is unknown.
    public func origin(of quantity: DeviceQuantity) -> Origin? { origins[quantity.rawValue] }
}

/// The quantities of a device. Raw values are their names in a profile file and on the command line, with the unit.
public enum DeviceQuantity: String, Sendable, CaseIterable {
    /// Cores, ≥ 1.
    case cores
    /// Memory, MB of 10⁶ bytes.
    case ramMegabytes = "ram-mb"
    /// Memory for one model, beside the program, MB of 10⁶ bytes.
    case modelMegabytes = "model-mb"
    /// Clock, MHz.
    case clockMegahertz = "clock-mhz"
    /// Single-precision speed of all cores, GFLOP/s.
    case gflops
    /// Memory bandwidth, GB/s.
    case memoryBandwidth = "bandwidth-gbs"
    /// Network bandwidth, Mbit/s.
    case linkMegabits = "link-mbps"
    /// Share of a core's time, 0.001 to 1.
    case cpuShare = "cpu-share"
    /// Power while idle, W.
    case idleWatts = "idle-watts"
    /// Power while one core computes, W.
    case busyWatts = "busy-watts"

    /// The values that are accepted, in the quantity's unit.
    public var range: ClosedRange<Double> {
        switch self {
        case .cores: 1...4096
        case .cpuShare: 0.001...1
        case .idleWatts, .busyWatts: 0...1e6
        case .gflops: 0.001...1e9
        case .ramMegabytes, .modelMegabytes, .clockMegahertz, .memoryBandwidth, .linkMegabits:
            Double.leastNonzeroMagnitude...1e9
        }
    }

    /// The same in words, behind "it must be".
    public var rangeWords: String {
        switch self {
        case .cores: "a whole number from 1 to 4096"
        case .cpuShare: "from 0.001 to 1"
        case .idleWatts, .busyWatts: "from 0 to 1000000"
        case .gflops: "at least 0.001"
        case .ramMegabytes, .modelMegabytes, .clockMegahertz, .memoryBandwidth, .linkMegabits: "greater than 0"
        }
    }

    /// What it is, with its unit and what becomes of it: for help.
    public var meaning: String {
        switch self {
        case .cores: "cores; the device's process is held to so many"
        case .ramMegabytes: "memory in MB of 10⁶ bytes; the process is held to it, program included"
        case .modelMegabytes: "memory in MB for one model's weights and tensors; takes the place of a tier"
        case .clockMegahertz: "clock in MHz; shown only"
        case .gflops: "GFLOP/s of all cores; a slower core than this machine's is simulated"
        case .memoryBandwidth: "GB/s between cores and memory; shown only"
        case .linkMegabits: "Mbit/s of the link; shown only"
        case .cpuShare: "share of each core's time that serving may take"
        case .idleWatts: "watts while nothing is computed; together with busy-watts"
        case .busyWatts: "watts while one core computes: the energy estimate"
        }
    }
}
