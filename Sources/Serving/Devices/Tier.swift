/// A class of devices: what is asked of each is in `Tier.requirements`.
public enum Tier: String, Sendable, Codable, CaseIterable, Comparable {
    case low = "LOW"
    case medium = "MEDIUM"
    case high = "HIGH"

    public static func < (left: Tier, right: Tier) -> Bool { left.rank < right.rank }

    private var rank: Int {
        switch self {
        case .low: 0
        case .medium: 1
        case .high: 2
        }
    }

    /// What a device of a tier has at least, and what a model for it may take at most.
    public struct Requirements: Sendable {
        /// MB: a gigabyte-class system beside the model, or not.
        public let ramMegabytes: Double
        public let cores: Int
        /// GFLOP/s of all cores, each within the device's CPU share.
        public let gflops: Double
        /// MB of a model's weights as they are stored: what stays in the caches of such devices, because one image reads
        /// every weight once and is as fast as they come.
        public let largestModelMegabytes: Double
    }

    /// The table of rules.
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

/// The tier of a device: the highest whose every requirement it meets.
public struct TierAssignment: Sendable, Codable, Equatable {
    public let tier: Tier
    /// What keeps the device out of the next tier, or that nothing does.
    public let reasons: [String]

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
                "\(Self.text(device.ramMegabytes)) MB of at least \(Self.text(needs.ramMegabytes))",
                "\(Self.cores(device.cores)) of at least \(needs.cores)",
                "\(Self.text(device.availableGflops)) GFLOP/s of at least \(Self.text(needs.gflops))",
            ]
        }
        self.reasons = reasons
    }

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
