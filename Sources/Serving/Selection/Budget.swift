/// What a model may cost on a device.
public struct Budget: Sendable, Codable, Equatable {
    /// Seconds of one image, 95th percentile.
    public var latency: Double
    /// Bytes of the weights as they are stored.
    public var storedBytes: Double
    /// Bytes of the whole program while it serves; nil: what the device has.
    public var memoryBytes: Double?

    /// - Parameters:
    ///   - latency: in seconds, > 0.
    ///   - storedMegabytes, memoryMegabytes: of 10⁶ bytes, > 0.
    public init(latency: Double = 0.1, storedMegabytes: Double = 10, memoryMegabytes: Double? = nil) {
        self.latency = latency
        storedBytes = 1e6 * storedMegabytes
        memoryBytes = memoryMegabytes.map { 1e6 * $0 }
    }

    /// The budget of a device: no more memory than it has, and no larger a model than its tier takes.
    /// - Parameter tier: nil: the tier does not count.
    public func restricted(to device: DeviceProfile, tier: Tier?) -> Budget {
        var budget = self
        budget.memoryBytes = min(memoryBytes ?? .infinity, 1e6 * device.ramMegabytes)
        if let tier { budget.storedBytes = min(storedBytes, 1e6 * tier.requirements.largestModelMegabytes) }
        return budget
    }
}
