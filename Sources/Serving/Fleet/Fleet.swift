/// Who serves as which device.
public struct Fleet: Sendable {
    /// In the order of the table; names differ.
    public let devices: [DeviceDescription]
    /// Ranks that serve; the devices are dealt out in turn.
    private let servers: Int

    /// - Parameters:
    ///   - descriptions: at least one; when there are more ranks than descriptions, several ranks serve as the same kind.
    ///   - ranks: of the job. Rank 0 serves only when it is alone.
    public init(_ descriptions: [DeviceDescription], ranks: Int) {
        servers = max(1, ranks - 1)
        let count = max(descriptions.count, servers)
        devices = (0..<count).map { index in
            var device = descriptions[index % descriptions.count]
            if index >= descriptions.count { device.name += "-\(index / descriptions.count + 1)" }
            return device
        }
    }

    /// The ranks that can serve as a device: the one that does, then those that could if it is lost before.
    public func ranks(for device: Int, of ranks: Int) -> [Int] {
        if ranks == 1 { return [0] }
        let own = 1 + device % servers
        let others = (1..<ranks).filter { $0 != own }
        guard !others.isEmpty else { return [own] }
        let first = device / servers % others.count
        return [own] + others[first...] + others[..<first]
    }
}
