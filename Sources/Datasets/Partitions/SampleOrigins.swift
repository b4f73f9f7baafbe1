/// The natural client of each sample: the file, the speaker or the device that it comes from.
public struct SampleOrigins: Sendable {
    /// What one client is, for messages: `file`, `speaker`.
    public let kind: String
    /// Name of each client, in the order that numbers them.
    public let names: [String]
    /// Samples are in the order of their clients: client i has the samples from `ends[i - 1]` (0 for the first) up
    /// to, not including, `ends[i]`.
    let ends: [Int]

    /// Creates the origins of samples that lie client by client.
    ///
    /// - Parameters:
    ///   - kind: the word for one client.
    ///   - names: a name for each client.
    ///   - counts: number of samples of each client, at least 1.
    /// - Precondition: there are as many names as counts.
    public init(kind: String, names: [String], counts: [Int]) {
        precondition(names.count == counts.count, "each client has a name and a number of samples")
        self.kind = kind
        self.names = names
        var total = 0
        ends = counts.map { count in
            total += count
            return total
        }
    }

    /// Number of natural clients.
    public var count: Int { names.count }

    /// Number of each sample's client: `[samples]`. O(samples).
    func owners() -> [UInt32] {
        var owners: [UInt32] = []
        owners.reserveCapacity(ends.last ?? 0)
        for (client, end) in ends.enumerated() {
            while owners.count < end { owners.append(UInt32(client)) }
        }
        return owners
    }
}
