public import FedCore

/// What somebody states of a device; the rest is the machine's that stands in for it.
public struct DeviceDescription: Sendable, Codable, Equatable {
    public var name: String
    /// By `DeviceQuantity`; each is positive.
    public private(set) var quantities: [String: Double] = [:]

    public init(name: String) {
        self.name = name
    }

    /// States a quantity.
    /// - Throws: `ConfigurationError` when a device cannot have this much of it.
    public mutating func state(_ quantity: DeviceQuantity, _ value: Double) throws(ConfigurationError) {
        let (isAllowed, range) =
            switch quantity {
            case .cores: (value >= 1 && value <= 4096 && value == value.rounded(), "a whole number from 1 to 4096")
            case .cpuShare: (value >= 0.001 && value <= 1, "from 0.001 to 1")
            case .idleWatts, .busyWatts: (value >= 0 && value <= 1e6, "from 0 to 1000000")
            case .gflops: (value >= 0.001 && value <= 1e9, "at least 0.001")
            case .ramMegabytes, .clockMegahertz, .memoryBandwidth, .linkMegabits:
                (value > 0 && value <= 1e9, "greater than 0")
            }
        guard isAllowed else {
            throw ConfigurationError("device '\(name)': \(quantity.rawValue) is \(value); it must be \(range)")
        }
        quantities[quantity.rawValue] = value
    }

    public subscript(quantity: DeviceQuantity) -> Double? { quantities[quantity.rawValue] }

    /// - Throws: `ConfigurationError` when what is stated does not go together.
    public func validate() throws(ConfigurationError) {
        guard (self[.idleWatts] == nil) == (self[.busyWatts] == nil) else {
            throw ConfigurationError("device '\(name)': idle-watts and busy-watts go together")
        }
        if let idle = self[.idleWatts], let busy = self[.busyWatts], idle > busy {
            throw ConfigurationError("device '\(name)': idle-watts is \(idle), more than busy-watts \(busy)")
        }
    }

    /// The device, as far as it is stated, and the machine for the rest. A device with another number of cores than the
    /// machine has cores as fast as the machine's, unless its GFLOP/s are stated.
    public func profile(on machine: DeviceProfile) -> DeviceProfile {
        var profile = machine
        profile.name = name
        func take(_ quantity: DeviceQuantity, _ place: WritableKeyPath<DeviceProfile, Double>) {
            if let value = self[quantity] { profile[keyPath: place] = value }
        }
        func take(_ quantity: DeviceQuantity, _ place: WritableKeyPath<DeviceProfile, Double?>) {
            if let value = self[quantity] { profile[keyPath: place] = value }
        }
        if let cores = self[.cores] {
            profile.cores = Int(cores)
            profile.gflops = machine.gflopsPerCore * cores
        }
        take(.ramMegabytes, \.ramMegabytes)
        take(.clockMegahertz, \.clockMegahertz)
        take(.gflops, \.gflops)
        take(.memoryBandwidth, \.memoryBandwidth)
        take(.linkMegabits, \.linkMegabits)
        take(.cpuShare, \.cpuShare)
        take(.idleWatts, \.idleWatts)
        take(.busyWatts, \.busyWatts)
        for quantity in quantities.keys { profile.origins[quantity] = .stated }
        return profile
    }
}
