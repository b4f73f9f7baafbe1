import Cryptography
import FedCore
import Foundation
import Records

/// The key of a run's noise, and of what else must be secret for a promise of differential privacy to hold: who has it can take
/// the noise away. It is in no log and no checkpoint.
///
/// Rank 0 takes it from `--noise-key`, from the operating system, or, simulated, from the seed. Where clients add noise
/// themselves it is broadcast, because any rank may train any client and has to draw the same numbers: that is for one operator
/// who owns all ranks. A device of its own draws a key of its own, and tells nobody.
struct NoiseKey: Sendable, CustomStringConvertible {
    /// 32 bytes.
    let bytes: [UInt8]

    /// A key that was received.
    init(bytes: [UInt8]) { self.bytes = bytes }

    /// Takes the key: of the file, which is made if it is not there; or a new one; or, simulated, the seed's.
    /// - Throws: `ConfigurationError` when the file holds no key, or cannot be read or made.
    init(_ settings: RunSettings) throws(ConfigurationError) {
        if settings.noiseSource == .simulated {
            bytes = Self.digest("fedmpi simulated noise \(settings.seed)")
        } else if let path = settings.noiseKey {
            bytes = try Self.key(in: path)
        } else {
            bytes = Self.drawn()
        }
    }

    /// Says nothing of the key.
    var description: String { "a key of noise" }

    /// The use of a stream: those of different uses have nothing to do with each other.
    enum Purpose: String {
        /// The server's noise.
        case server
        /// A client's noise.
        case noise
        /// Which of its samples a client takes into a batch.
        case batches
        /// Who is asked in a round.
        case cohort
        /// The server's noise of the number of updates below the clip.
        case count
        /// The server's noise of a node of a tree over rounds.
        case node
    }

    /// A stream that nobody without the key can tell from random words, the same on whichever rank it is made.
    /// - Parameters:
    ///   - purpose: the use.
    ///   - client: whose stream it is; nil for the server's.
    ///   - part: tells streams of one use and round apart, such as levels of a tree.
    ///   - round: number and attempt, which no two streams of a use, a client and a part may have in common.
    func stream(_ purpose: Purpose, client: Int? = nil, part: Int? = nil, _ round: RoundID) -> ChaCha20Stream {
        // The server's own key is the key: of all other streams it is the root.
        let label =
            "fedmpi \(purpose.rawValue)" + (part.map { " \($0)" } ?? "") + (client.map { " of client \($0)" } ?? "")
        let key = purpose == .server && client == nil && part == nil ? bytes : Self.digest(label, bytes)
        let number = withUnsafeBytes(of: UInt64(round.number).littleEndian) { [UInt8]($0) }
        return ChaCha20Stream(
            key: key, nonce: number + withUnsafeBytes(of: UInt32(round.attempt).littleEndian) { [UInt8]($0) })
    }

    /// A client's stream for much noise, by a faster cipher.
    /// - Parameter round: number and attempt, which no two streams of a use and a client may have in common.
    func keyStream(_ purpose: Purpose, client: Int, _ round: RoundID) -> KeyStream {
        let label = "fedmpi \(purpose.rawValue) of client \(client) in round \(round.number), attempt \(round.attempt)"
        return KeyStream(key: SecretBytes(copying: Self.digest(label, bytes)))
    }

    /// A number by which a checkpoint knows the key again, and which tells nothing of it.
    var fingerprint: UInt64 {
        Self.digest("fedmpi fingerprint of a key ", bytes).prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// A Poisson sample that nobody without the key can tell: each client by itself, with this probability.
    /// - Parameters:
    ///   - clients: number of clients, each from 0.
    ///   - probability: in (0, 1].
    ///   - room: largest size; what is beyond is left out.
    /// - Returns: clients, ascending. O(clients).
    func cohort(of clients: Int, probability: Double, room: Int, _ round: RoundID) -> [Int] {
        var stream = stream(.cohort, round)
        let limit = UInt64(exactly: (probability * 0x1p64).rounded()) ?? .max
        return Array((0..<clients).filter { _ in stream.next() < limit }.prefix(room))
    }

    private static func digest(_ label: String, _ key: [UInt8] = []) -> [UInt8] {
        var hash = SHA256()
        hash.update(Array(label.utf8) + key)
        return hash.finalize()
    }

    /// A key that the operating system draws.
    private static func drawn() -> [UInt8] {
        var system = SystemRandomNumberGenerator()
        return (0..<ChaCha20Stream.keyBytes).map { _ in UInt8.random(in: 0...255, using: &system) }
    }

    /// The key in a file that its owner alone can read; a new one where there is no file.
    private static func key(in path: String) throws(ConfigurationError) -> [UInt8] {
        let files = FileManager.default
        if let data = files.contents(atPath: path) {
            guard data.count == ChaCha20Stream.keyBytes else {
                throw ConfigurationError(
                    "--noise-key \(path): the file has \(data.count) bytes, and a key has \(ChaCha20Stream.keyBytes)")
            }
            return [UInt8](data)
        }
        let key = drawn()
        guard files.createFile(atPath: path, contents: Data(key), attributes: [.posixPermissions: 0o600]) else {
            throw ConfigurationError("--noise-key \(path): the file cannot be written")
        }
        return key
    }
}

extension Job {
    /// The key of the noise: the one that was shared among the ranks, or, of a job without any, the settings'.
    func requiredNoiseKey() throws(ConfigurationError) -> NoiseKey {
        if let noiseKey { return noiseKey }
        return try NoiseKey(settings)
    }
}
