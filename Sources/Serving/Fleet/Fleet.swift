/// The devices of a run, and which rank serves as which. Every rank computes it alike.
public struct Fleet: Sendable {
    /// The devices in the order of the table, with distinct names: a description that is used again has `-2`, `-3`, …
    /// behind its name.
    public let devices: [DeviceDescription]
    /// Ranks that serve: all but rank 0, or rank 0 when it is alone.
    private let servers: Int

    /// Deals the devices out to the ranks in turn. With more serving ranks than descriptions, kinds repeat until each
    /// rank has a device; with fewer, a rank serves several one after another.
    ///
    /// - Parameters:
    ///   - descriptions: At least one, with distinct names.
    ///   - ranks: Ranks of the job, ≥ 1. Rank 0 serves only when it is alone.
    public init(_ descriptions: [DeviceDescription], ranks: Int) {
        servers = max(1, ranks - 1)
        let count = max(descriptions.count, servers)
        devices = (0..<count).map { index in
            var device = descriptions[index % descriptions.count]
            if index >= descriptions.count { device.name += "-\(index / descriptions.count + 1)" }
            return device
        }
    }

    /// The ranks that can serve as a device: first the one that should, then the others, in an order that spreads the
    /// devices of a lost rank over all that are left.
    ///
    /// - Parameters:
    ///   - device: Index of the device.
    ///   - ranks: Ranks of the job.
    public func ranks(for device: Int, of ranks: Int) -> [Int] {
        if ranks == 1 { return [0] }
        let own = 1 + device % servers
        let others = (1..<ranks).filter { $0 != own }
        guard !others.isEmpty else { return [own] }
        let first = device / servers % others.count
        return [own] + others[first...] + others[..<first]
    }
}
