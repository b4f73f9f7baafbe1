/// What a model may cost on a device: the limits that ``ModelSelector`` holds candidates to.
public struct Budget: Sendable, Codable, Equatable {
    /// Seconds that the 95th percentile of single images may take.
    public var latency: Double
    /// Bytes of the weights as they are stored.
    public var storedBytes: Double
    /// Bytes of the whole program while it serves; nil: as much as the device has.
    public var memoryBytes: Double?
    /// Bytes of one model's weights and of the tensors that a layer reads and writes, without the program; nil: as much as
    /// fits beside it. A device that states it (`model-mb`, a class's `memory-kb`) has it.
    public var modelBytes: Double?

    /// A budget.
    ///
    /// - Parameters:
    ///   - latency: Seconds, > 0.
    ///   - storedMegabytes: Size of the stored weights in MB of 10⁶ bytes, > 0.
    ///   - memoryMegabytes: Memory of the program in MB of 10⁶ bytes, > 0; nil: as much as the device has.
    public init(latency: Double = 0.1, storedMegabytes: Double = 10, memoryMegabytes: Double? = nil) {
        self.latency = latency
        storedBytes = 1e6 * storedMegabytes
        memoryBytes = memoryMegabytes.map { 1e6 * $0 }
    }

    /// The budget of a device: no more memory than it has, and no larger a model than its tier takes.
    ///
    /// - Parameters:
    ///   - device: The device.
    ///   - tier: Its tier; nil: tiers are ignored, as they are where the device states its memory for models.
    public func restricted(to device: DeviceProfile, tier: Tier?) -> Budget {
        var budget = self
        budget.memoryBytes = min(memoryBytes ?? .infinity, 1e6 * device.ramMegabytes)
        budget.modelBytes = device.modelMegabytes.map { 1e6 * $0 }
        if let tier, device.hasTier {
            budget.storedBytes = min(storedBytes, 1e6 * tier.requirements.largestModelMegabytes)
        }
        return budget
    }
}
