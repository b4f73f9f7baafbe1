/// The bytes of each client of a round's cohort, where they differ: a part of its record.
///
/// Three lists of the same length, so that a large cohort takes little room in the log.
public struct ClientBytes: Codable, Sendable, Equatable {
    /// Numbers of the clients that were asked, or sent what they had kept offline, ascending, each once.
    public private(set) var clients: [Int] = []
    /// The bytes of each one's updates, envelopes included; 0 of one that did not answer.
    public private(set) var upload: [Int] = []
    /// The bytes of the frames that each received.
    public private(set) var download: [Int] = []

    /// Nobody's bytes.
    public init() {}

    /// Adds what clients sent and received, to what is there of earlier attempts. O(clients).
    package mutating func add(_ bytes: [(client: Int, upload: Int, download: Int)]) {
        var all: [Int: (upload: Int, download: Int)] = [:]
        for (i, client) in clients.enumerated() where i < min(upload.count, download.count) {
            all[client] = (upload[i], download[i])
        }
        for (client, up, down) in bytes {
            all[client, default: (0, 0)].upload += up
            all[client, default: (0, 0)].download += down
        }
        clients = all.keys.sorted()
        upload = clients.map { all[$0]?.upload ?? 0 }
        download = clients.map { all[$0]?.download ?? 0 }
    }
}
