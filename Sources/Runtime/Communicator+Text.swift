package import MPI

extension Communicator {
    /// Broadcasts bytes whose number only the root knows: first the number, as one Int64, then the bytes. Collective.
    ///
    /// - Parameters:
    ///   - bytes: on the root, at most 2³⁰; ignored elsewhere.
    ///   - root: the rank that has them.
    /// - Returns: the root's bytes, on every rank.
    /// - Throws: `MPIError`, also when the number announced is negative or too large to be believed.
    package func broadcastBytes(_ bytes: [UInt8], root: Int) throws(MPIError) -> [UInt8] {
        var count = Buffer<Int64>(count: 1)
        if rank == root { count[0] = Int64(bytes.count) }
        count = try startBroadcast(count, root: root).wait()
        guard (0...1 << 30).contains(count[0]) else {
            throw MPIError(function: "MPI_Bcast", code: 0, message: "rank \(root) announced \(count[0]) bytes of text")
        }
        var data = Buffer<UInt8>(count: Int(count[0]))
        if rank == root {
            for i in bytes.indices { data[i] = bytes[i] }
        }
        data = try startBroadcast(data, root: root).wait()
        return (0..<data.count).map { data[$0] }
    }

    /// Collects a short text of every rank, on every rank: by a gather of 1,000 bytes each, and a broadcast.
    /// Collective.
    /// - Parameter text: cut after 1,000 bytes of UTF-8; a character that is cut in two arrives as U+FFFD.
    /// - Returns: the texts, in the order of ranks.
    package func allGatherText(_ text: String) throws(MPIError) -> [String] {
        let width = 1_000
        var own = Buffer<UInt8>(count: width)
        for (i, byte) in text.utf8.prefix(width).enumerated() { own[i] = byte }
        let gathered = try startGather(own, into: Buffer(count: rank == 0 ? width * size : 0), root: 0).wait()
        let all = try broadcastBytes((0..<gathered.receive.count).map { gathered.receive[$0] }, root: 0)
        return (0..<size).map { rank in
            String(decoding: all[rank * width..<(rank + 1) * width].prefix { $0 != 0 }, as: UTF8.self)
        }
    }
}
