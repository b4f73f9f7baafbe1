/// A class of devices, from the weakest to the strongest. It bounds the size of models that a device considers,
/// whatever its measured latencies. Raw values stand in tables and files.
public enum Tier: String, Sendable, Codable, CaseIterable, Comparable {
    case low = "LOW"
    case medium = "MEDIUM"
    case high = "HIGH"

    public static func < (left: Tier, right: Tier) -> Bool { left.rank < right.rank }

    /// Place in the order of tiers.
    private var rank: Int {
        switch self {
        case .low: 0
        case .medium: 1
        case .high: 2
        }
    }

    /// What a device of a tier has at least, and what a model for it may take at most.
    public struct Requirements: Sendable {
        /// Memory at least, in MB of 10⁶ bytes.
        public let ramMegabytes: Double
        /// Cores at least.
        public let cores: Int
        /// GFLOP/s at least, of all cores, each within the device's CPU share.
        public let gflops: Double
        /// Size at most of a model's weights as they are stored, in MB of 10⁶ bytes: about the second-level caches of
        /// such devices, since a single image reads every weight once.
        public let largestModelMegabytes: Double
    }

    /// The rules of this tier.
    ///
    /// | tier | RAM, MB | cores | GFLOP/s | largest model, MB |
    /// |---|---|---|---|---|
    /// | HIGH | 2,000 | 2 | 16 | 10 |
    /// | MEDIUM | 500 | 1 | 2 | 0.5 |
    /// | LOW | 0 | 1 | 0 | 0.25 |
    public var requirements: Requirements {
        switch self {
        case .high: Requirements(ramMegabytes: 2_000, cores: 2, gflops: 16, largestModelMegabytes: 10)
        case .medium: Requirements(ramMegabytes: 500, cores: 1, gflops: 2, largestModelMegabytes: 0.5)
        case .low: Requirements(ramMegabytes: 0, cores: 1, gflops: 0, largestModelMegabytes: 0.25)
        }
    }
}

/// The tier of a device, the highest whose every requirement it meets, and the reason.
public struct TierAssignment: Sendable, Codable, Equatable {
    /// The tier; every device is at least ``Tier/low``.
    public let tier: Tier
    /// What keeps the device out of the next tier; for the highest tier, how it meets each requirement.
    public let reasons: [String]

    /// Assigns a device to its tier.
    public init(_ device: DeviceProfile) {
        var tier = Tier.low
        var reasons: [String] = []
        for candidate in [Tier.medium, .high] {
            reasons = Self.shortfalls(of: device, for: candidate)
            guard reasons.isEmpty else { break }
            tier = candidate
        }
        self.tier = tier
        if reasons.isEmpty {
            let needs = tier.requirements
            reasons = [
                "\(Self.text(device.ramMegabytes)) MB where \(Self.text(needs.ramMegabytes)) are asked for",
                "\(Self.cores(device.cores)) where \(needs.cores) are",
                "\(Self.text(device.availableGflops)) GFLOP/s where \(Self.text(needs.gflops)) are",
            ]
        }
        self.reasons = reasons
    }

    /// The requirements of a tier that a device does not meet, in words.
    private static func shortfalls(of device: DeviceProfile, for tier: Tier) -> [String] {
        let needs = tier.requirements
        var reasons: [String] = []
        if device.ramMegabytes < needs.ramMegabytes {
            reasons.append("\(text(device.ramMegabytes)) MB; \(tier.rawValue) asks for \(text(needs.ramMegabytes))")
        }
        if device.cores < needs.cores {
            reasons.append("\(cores(device.cores)); \(tier.rawValue) asks for \(needs.cores)")
        }
        if device.availableGflops < needs.gflops {
            let share = device.cpuShare < 1 ? " in \(text(100 * device.cpuShare)) % of the time" : ""
            reasons.append(
                "\(text(device.availableGflops)) GFLOP/s\(share); \(tier.rawValue) asks for \(text(needs.gflops))")
        }
        return reasons
    }

    private static func cores(_ count: Int) -> String { count == 1 ? "1 core" : "\(count) cores" }

    private static func text(_ value: Double) -> String { Quantity.text(value) }
}
