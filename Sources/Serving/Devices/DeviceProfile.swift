/// What a device has. Quantities that somebody states of a device are taken as stated; the others are those of the machine
/// that stands in for it.
public struct DeviceProfile: Sendable, Codable, Equatable {
    /// Where a quantity is from.
    public enum Origin: String, Sendable, Codable {
        /// In a file or on the command line.
        case stated
        /// Timed on this machine.
        case measured
        /// What the operating system says.
        case read
    }

    public var name: String
    /// Processor cores, at least 1.
    public var cores: Int
    /// Memory in MB of 10⁶ bytes.
    public var ramMegabytes: Double
    /// Clock in MHz; nil: unknown. Shown, and decides nothing.
    public var clockMegahertz: Double?
    /// Single-precision GFLOP/s of all cores together.
    public var gflops: Double
    /// GB/s of 10⁹ bytes between the cores and the memory; nil: unknown.
    public var memoryBandwidth: Double?
    /// Mbit/s of the link to the network; nil: unknown.
    public var linkMegabits: Double?
    /// Share of the cores' time that serving may take, from 0.001 to 1.
    public var cpuShare = 1.0
    /// Watts while nothing is computed, and while one core computes; nil: no energy is estimated.
    public var idleWatts: Double?
    public var busyWatts: Double?
    /// Origins of the quantities by their names in a file; shares and watts are always stated.
    public var origins: [String: Origin] = [:]

    public init(name: String, cores: Int, ramMegabytes: Double, gflops: Double) {
        self.name = name
        self.cores = cores
        self.ramMegabytes = ramMegabytes
        self.gflops = gflops
    }

    /// GFLOP/s of one core: what a single image on one thread gets at best.
    public var gflopsPerCore: Double { gflops / Double(cores) }

    /// GFLOP/s that serving may take: of all cores, for its share of the time.
    public var availableGflops: Double { gflops * cpuShare }

    public func origin(of quantity: DeviceQuantity) -> Origin? { origins[quantity.rawValue] }
}

/// The quantities of a device, by the names they have in a profile file and on the command line.
public enum DeviceQuantity: String, Sendable, CaseIterable {
    case cores
    case ramMegabytes = "ram-mb"
    case clockMegahertz = "clock-mhz"
    case gflops
    case memoryBandwidth = "bandwidth-gbs"
    case linkMegabits = "link-mbps"
    case cpuShare = "cpu-share"
    case idleWatts = "idle-watts"
    case busyWatts = "busy-watts"
}
