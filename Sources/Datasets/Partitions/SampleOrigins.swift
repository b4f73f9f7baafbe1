/// The natural client of each sample: the file, the speaker or the device that it comes from.
public struct SampleOrigins: Sendable, Equatable {
    /// What one client is, for messages: `file`, `speaker`.
    public let kind: String
    /// Number of samples of each client. Samples lie client by client, in this order.
    public let counts: [Int]

    /// Creates the origins of samples that lie client by client.
    ///
    /// - Parameters:
    ///   - kind: the word for one client.
    ///   - counts: number of samples of each client, at least 1.
    public init(kind: String, counts: [Int]) {
        self.kind = kind
        self.counts = counts
    }

    /// Number of each sample's client: `[samples]`. O(samples).
    func owners() -> [UInt32] {
        var owners: [UInt32] = []
        owners.reserveCapacity(counts.reduce(0, +))
        for (client, count) in counts.enumerated() {
            for _ in 0..<count { owners.append(UInt32(client)) }
        }
        return owners
    }
}
