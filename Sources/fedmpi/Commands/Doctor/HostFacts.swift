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

    /// What this rank sees.
    private static var ofThisRank: HostFacts {
        let program = try? Data(contentsOf: URL(fileURLWithPath: "/proc/self/exe"), options: .mappedIfSafe)
        let load = (try? String(contentsOfFile: "/proc/loadavg", encoding: .utf8))?.split(separator: " ").first
        let before = ProcessorTime()
        Thread.sleep(forTimeInterval: 0.2)
        let after = ProcessorTime()
        return HostFacts(
            host: MPIWorld.hostName, binary: program.map { String(SHA256.hash($0).hexadecimal.prefix(16)) } ?? "?",
            instructions: OneDNNLibrary.instructionSet, cores: ProcessInfo.processInfo.activeProcessorCount,
            load: load.flatMap { Double($0) } ?? 0, steal: after.stolenShare(since: before))
    }

    /// How far this rank's wall clock is before rank 0's, by broadcasts: of several the one that took least time.
    ///
    /// Rank 0 sends its time between two barriers; a rank that knows both of its own knows that rank 0's lies between them.
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

/// Time of all processors since the start of the machine, in ticks (`man 5 proc`, the first line of `/proc/stat`).
struct ProcessorTime {
    private let total: Int
    private let stolen: Int

    /// Reads it; zeros where the system does not say.
    init() {
        let text = (try? String(contentsOfFile: "/proc/stat", encoding: .utf8)) ?? ""
        let numbers = text.split(separator: "\n").first?.split(separator: " ").dropFirst().compactMap { Int($0) } ?? []
        // user, nice, system, idle, iowait, irq, softirq, steal; what guests get is in user.
        total = numbers.prefix(8).reduce(0, +)
        stolen = numbers.count > 7 ? numbers[7] : 0
    }

    /// The share of the time since an earlier reading that the machine's owner gave to others, in [0, 1].
    func stolenShare(since earlier: ProcessorTime) -> Double {
        let time = total - earlier.total
        return time > 0 ? Double(max(0, stolen - earlier.stolen)) / Double(time) : 0
    }
}
