import Cryptography
import FedCore
import MPI
import MPITesting
import SecureAggregation

@testable import Federation
@testable import Records

/// What a server that keeps all it gets has of a run, and what it can find in it.
struct SeenByServer: Sendable {
    /// A client's answer as it came.
    struct Answer: Sendable {
        var client: Int
        var round: Int
        var samples: Int
        var steps: Int
        var loss: Double
        var payload: [UInt8]

        /// The payload as words of 64 bits.
        var words: [UInt64] {
            payload.withUnsafeBytes { bytes in
                (0..<bytes.count / 8).map { bytes.loadUnaligned(fromByteOffset: 8 * $0, as: UInt64.self) }
            }
        }

        /// The payload as an update.
        var floats: [Float] {
            payload.withUnsafeBytes { bytes in
                (0..<bytes.count / 4).map { bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self) }
            }
        }

        /// The kind of the message of secure aggregation that it is; nil of anything else.
        var kind: UInt32? {
            guard payload.count >= 12, Array(payload[4..<8]) == Array("FMSA".utf8) else { return nil }
            return payload.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: 8, as: UInt32.self) }
        }
    }

    let settings: RunSettings
    /// Everything, message by message.
    var received: [[UInt8]] = []
    var sums: [[UInt64]] = []
    /// What the server told the clients, in which the run's nonce is.
    var sent: [[UInt8]] = []
    /// The secret of the run, which the other ranks have.
    var master: [UInt8]?
    var answers: [Answer] = []

    /// Runs over four ranks, with the ears of rank 0 and, for the secret, of rank 2.
    /// - Parameter server: makes the communicator of rank 0 one that changes what it sends.
    init(
        _ settings: RunSettings, server: @escaping @Sendable (any Communicator) -> any Communicator = { $0 }
    ) throws {
        self.settings = settings
        let ranks = try ThreadRanks.run(4) { world -> (received: [[UInt8]], sums: [[UInt64]], sent: [[UInt8]]) in
            let traffic = Traffic()
            let own = world.rank == 0 ? server(world) : world
            do {
                try Session.run(
                    world.rank == 0 ? settings : nil, on: RecordingCommunicator(own, traffic), observers: { _ in [] })
            } catch is TooFewUpdates {}
            return (traffic.received, traffic.sums, traffic.sent)
        }
        (received, sums, sent) = ranks[0]
        master = settings.secureAggregation ? ranks[2].received.first { $0.count == 32 } : nil
        answers = received.flatMap(Self.answers)
    }

    /// The answers in a message, wherever they lie.
    private static func answers(in message: [UInt8]) -> [Answer] {
        message.withUnsafeBytes { bytes in
            stride(from: 0, through: bytes.count - 64, by: 64).compactMap { start in
                func word(_ place: Int) -> Int {
                    Int(bytes.loadUnaligned(fromByteOffset: start + place, as: UInt32.self))
                }
                guard word(0) == 0x554D_4446 else { return nil }
                // Behind the envelope of what is summed lies nothing.
                let length = word(28) == 1 ? 0 : word(40)
                guard start + 64 + length <= bytes.count else { return nil }
                return Answer(
                    client: word(8), round: word(12), samples: word(16), steps: word(24),
                    loss: bytes.loadUnaligned(fromByteOffset: start + 32, as: Double.self),
                    payload: Array(bytes[start + 64..<start + 64 + length]))
            }
        }
    }

    // MARK: Detectors

    /// χ² of the 256 values of a byte; of random bytes it has 255 degrees of freedom, and is above 420 four times in 10¹⁰.
    static func looksRandom(_ words: [UInt64]) -> Bool {
        var counts = [Double](repeating: 0, count: 256)
        for word in words { for byte in 0..<8 { counts[Int(word >> UInt64(8 * byte) & 255)] += 1 } }
        let expected = Double(8 * words.count) / 256
        return counts.reduce(0) { $0 + ($1 - expected) * ($1 - expected) / expected } < 420
    }

    /// Whether words, as numbers with a sign, go with an update: of independent ones the correlation is 0 ± 1/√m, and beyond seven
    /// of these once in 10¹¹.
    static func correlates(_ words: [UInt64], _ update: [Float]) -> Bool {
        let (a, b) = (words.prefix(update.count).map { Double(Int64(bitPattern: $0)) }, update.map { Double($0) })
        let (meanA, meanB) = (a.reduce(0, +) / Double(a.count), b.reduce(0, +) / Double(b.count))
        var (ab, aa, bb) = (0.0, 0.0, 0.0)
        for (x, y) in zip(a, b) {
            ab += (x - meanA) * (y - meanB)
            aa += (x - meanA) * (x - meanA)
            bb += (y - meanB) * (y - meanB)
        }
        return abs(ab / (aa * bb).squareRoot()) > 7 / Double(a.count).squareRoot()
    }

    /// What can be found of clients in vectors.
    /// - Parameters:
    ///   - vectors: answers with a vector each.
    ///   - updates: the updates of the same run without masks.
    static func findings(_ vectors: [Answer], _ updates: [Answer]) -> [String] {
        var found: [String] = []
        let (plain, all) = (updates.map { ($0, $0.floats) }, vectors.map { ($0, $0.words) })
        for (place, (vector, words)) in all.enumerated() {
            let whose = "client \(vector.client) in round \(vector.round)"
            if !looksRandom(words) { found.append("\(whose) is in clear") }
            for (update, floats) in plain where correlates(words, floats) {
                found.append("\(whose) goes with client \(update.client) in round \(update.round)")
            }
            for (other, others) in all[..<place] where !looksRandom(zip(words, others).map { $0 &- $1 }) {
                found.append("\(whose) has the masks of client \(other.client) in round \(other.round)")
            }
        }
        return found
    }

    /// Whose reports are told in clear.
    static func reports(_ answers: [Answer]) -> [Int] {
        answers.filter { $0.samples != 0 || $0.steps != 0 || $0.loss != 0 }.map(\.client)
    }

    /// Which of these byte strings, by their names, occur in what has come, at any place.
    func occurring(_ secrets: [(name: String, bytes: [UInt8])]) -> [String] {
        var byStart: [UInt64: [Int]] = [:]
        for (place, secret) in secrets.enumerated() {
            byStart[secret.bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }, default: []].append(place)
        }
        var found: [String] = []
        for message in received
            + sums.map({ $0.flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) } } })
        {
            var window: UInt64 = 0
            for (end, byte) in message.enumerated() {
                window = window << 8 | UInt64(byte)
                guard end >= 7, let places = byStart[window] else { continue }
                for place in places where message[(end - 7)...].starts(with: secrets[place].bytes) {
                    found.append(secrets[place].name)
                }
            }
        }
        return found
    }
}
