import Foundation
import MPI

extension Communicator {
    /// A value of the root's, on every rank. Collective; waiting sleeps.
    public func broadcast<Value: Codable>(json value: Value?, root: Int) throws -> Value {
        let own = rank == root ? Array(try JSONEncoder().encode(value)) : []
        var count = Buffer<Int64>(count: 1)
        count[0] = Int64(own.count)
        count = try startBroadcast(count, root: root).wait()
        var bytes = Buffer<UInt8>(count: Int(count[0]))
        if rank == root { bytes = Buffer(own) }
        bytes = try startBroadcast(bytes, root: root).wait()
        return try JSONDecoder().decode(Value.self, from: Data((0..<bytes.count).map { bytes[$0] }))
    }

    /// Every rank's value at the root, in the order of ranks; elsewhere empty. Collective; waiting sleeps.
    public func gather<Value: Codable>(json value: Value, root: Int) throws -> [Value] {
        let own = Array(try JSONEncoder().encode(value))
        let counts = try startGather(
            Buffer([Int64(own.count)]), into: Buffer(count: rank == root ? size : 0), root: root
        ).wait()
        let lengths = rank == root ? (0..<size).map { Int(counts.receive[$0]) } : []
        let all = try startGatherv(
            Buffer(own), into: Buffer<UInt8>(count: lengths.reduce(0, +)), counts: lengths, root: root
        ).wait()
        var values: [Value] = []
        var start = 0
        for length in lengths {
            let bytes = (start..<start + length).map { all.receive[$0] }
            values.append(try JSONDecoder().decode(Value.self, from: Data(bytes)))
            start += length
        }
        return values
    }
}
