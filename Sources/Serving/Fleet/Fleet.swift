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

    /// The devices of a rank, by index.
    public func devices(ofRank rank: Int, of ranks: Int) -> [Int] {
        if ranks == 1 { return Array(devices.indices) }
        return rank == 0 ? [] : Array(stride(from: rank - 1, to: devices.count, by: servers))
    }
}
