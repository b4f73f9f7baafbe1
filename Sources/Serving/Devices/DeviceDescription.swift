public import FedCore

/// The quantities that a user states of a device, in a profile file or by flags. What is not stated is taken from the
/// machine that stands in for the device (``profile(on:)``).
public struct DeviceDescription: Sendable, Codable, Equatable {
    /// The device's name, in tables and messages.
    public var name: String
    /// Stated values by the names of ``DeviceQuantity``, in the units that these names say; each in the range that
    /// ``state(_:_:)`` accepts.
    public private(set) var quantities: [String: Double] = [:]

    /// A device of which nothing is stated: the machine as it is.
    public init(name: String) {
        self.name = name
    }

    /// States a quantity, or replaces what was stated.
    ///
    /// - Parameters:
    ///   - quantity: Which.
    ///   - value: In the unit that the quantity's name says, e.g. MB of 10⁶ bytes for `ram-mb`.
    /// - Throws: ``ConfigurationError`` when the value is out of range: cores are whole numbers from 1 to 4,096, a CPU
    ///   share is from 0.001 to 1.
    public mutating func state(_ quantity: DeviceQuantity, _ value: Double) throws(ConfigurationError) {
        guard quantity.range.contains(value), quantity != .cores || value == value.rounded() else {
            throw ConfigurationError(
                "device '\(name)': \(quantity.rawValue) is \(value); it must be \(quantity.rangeWords)")
        }
        quantities[quantity.rawValue] = value
    }

    /// The stated value of a quantity; nil when it is not stated.
    public subscript(quantity: DeviceQuantity) -> Double? { quantities[quantity.rawValue] }

    /// Checks the quantities against each other, when all are stated.
    ///
    /// - Throws: ``ConfigurationError`` when only one of idle and busy watts is stated, or idle watts are more.
    public func validate() throws(ConfigurationError) {
        guard (self[.idleWatts] == nil) == (self[.busyWatts] == nil) else {
            throw ConfigurationError("device '\(name)': idle-watts and busy-watts go together")
        }
        if let idle = self[.idleWatts], let busy = self[.busyWatts], idle > busy {
            throw ConfigurationError("device '\(name)': idle-watts is \(idle), more than busy-watts \(busy)")
        }
    }

    /// The device: what is stated, and the machine for the rest. A device with another number of cores has cores as
    /// fast as the machine's, unless its GFLOP/s are stated.
    ///
    /// - Parameter machine: What was measured of the machine that stands in for it.
    /// - Returns: A profile in which ``DeviceProfile/origins`` says of each quantity where it is from.
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
        take(.modelMegabytes, \.modelMegabytes)
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
