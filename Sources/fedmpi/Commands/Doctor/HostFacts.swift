import Cryptography
import FedCore
import Foundation
import MPI
import NeuralNet
import Runtime

/// What `fedmpi doctor` has every rank look at on its own host.
struct HostFacts: Codable, Equatable {
    /// The host's name.
    let host: String
    /// Digest of the running program, the first 16 hexadecimal digits.
    let binary: String
    /// As oneDNN uses it, such as `AVX2`.
    let instructions: String
    /// Processors that this process may use.
    let cores: Int
    /// Runnable processes over the last minute.
    let load: Double
    /// Share of the processors' time that the machine's owner gave to others, in [0, 1], over a fifth of a second.
    let steal: Double
    /// Seconds that this host's clock is before rank 0's, and by how much that may be off.
    var skew = 0.0
    var skewError = 0.0

    /// Bytes of a rank's facts as text.
    private static let size = 1024

    /// The facts of every rank, in their order, on every rank. Collective; takes half a second.
    static func gather(on world: any Communicator) throws -> [HostFacts] {
        var own = HostFacts.ofThisRank
        (own.skew, own.skewError) = try skew(on: world)
        let text = String(decoding: try JSONEncoder().encode(own), as: UTF8.self)
        return try world.texts(text, atMost: size).map { try JSONDecoder().decode(HostFacts.self, from: Data($0.utf8)) }
    }

    /// Cores and ranks of each host, the tightest first, and whether ranks share cores anywhere.
    static func cores(_ facts: [HostFacts], most: Int = 4) -> String {
        let hosts = Dictionary(grouping: facts, by: \.host).values.map { ranks in
            (name: ranks[0].host, cores: ranks[0].cores, ranks: ranks.count)
        }.sorted { one, other in
            let (left, right) = (one.ranks * other.cores, other.ranks * one.cores)
            return left == right ? one.name < other.name : left > right
        }
        let words = hosts.prefix(most).map { "\($0.cores) on \($0.name) for \(Format.count($0.ranks, "rank"))" }
        return words.joined(separator: ", ") + (hosts.count > most ? ", … (\(hosts.count) hosts)" : "")
            + (hosts.contains { $0.ranks > $0.cores } ? "; ranks share cores, and waiting ranks sleep" : "")
    }

    /// What this rank sees.
    private static var ofThisRank: HostFacts {
        let program = try? Data(contentsOf: URL(fileURLWithPath: "/proc/self/exe"), options: .mappedIfSafe)
        let load = (try? String(contentsOfFile: "/proc/loadavg", encoding: .utf8))?.split(separator: " ").first
        let before = ProcessorReading()
        Thread.sleep(forTimeInterval: 0.2)
        let use = ProcessorReading()?.use(since: before)
        return HostFacts(
            host: MPIWorld.hostName, binary: program.map { String(SHA256.hash($0).hexadecimal.prefix(16)) } ?? "?",
            instructions: OneDNNLibrary.instructionSet, cores: ProcessInfo.processInfo.activeProcessorCount,
            load: load.flatMap { Double($0) } ?? 0,
            steal: use.map { Double($0.stolen) / Double(max(1, $0.machine)) } ?? 0)
    }

    /// How far this rank's wall clock is before rank 0's, by broadcasts: of several the one that took least time.
    ///
    /// Rank 0 sends its time between two barriers; a rank that knows both of its own knows that rank 0's lies between
    /// them.
    private static func skew(on world: any Communicator) throws -> (Double, Double) {
        var best = (skew: 0.0, error: Double.infinity)
        for _ in 0..<5 {
            try world.barrier()
            let first = Date().timeIntervalSince1970
            var time = Buffer<Double>(count: 1)
            if world.rank == 0 { time[0] = Date().timeIntervalSince1970 }
            try world.broadcast(&time, root: 0)
            let last = Date().timeIntervalSince1970
            let error = max(0, last - first) / 2
            if error < best.error { best = ((first + last) / 2 - time[0], error) }
        }
        return world.rank == 0 ? (0, 0) : best
    }
}
