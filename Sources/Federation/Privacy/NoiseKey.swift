import Cryptography
import FedCore
import Foundation
import Records

/// The secret of a run with differential privacy: what noise, and with `--noise-source system` cohorts, are drawn from. Who has it
/// can take the noise away; it is in no log and no checkpoint.
///
/// Where clients draw noise themselves it is broadcast, because any rank may train any client and has to draw the same numbers: that
/// is for one operator who owns all ranks. A device of its own draws a key of its own, and tells nobody.
///
/// Everything that is drawn has a stream of its own, ChaCha20 with a nonce of purpose, round, attempt and part, so that
/// it is the same on any number of ranks, and after a resume with the same key.
struct NoiseKey: Sendable, CustomStringConvertible {
    /// What a stream is for; no two purposes have a stream in common.
    enum Purpose: UInt8, Sendable {
        /// The noise of a round's sum; with a banded factor, what is mixed over the rounds.
        case sum = 0
        /// Who is asked in a round.
        case cohort = 1
        /// The noise of the number of updates below the clip.
        case count = 2
        /// The noise of a node of a tree over rounds.
        case node = 3
    }

    /// What a client draws, from a key of its own.
    enum ClientPurpose: String, Sendable {
        /// Noise.
        case noise
        /// Which of its samples it takes into a batch.
        case batches
    }

    /// 32 bytes.
    let bytes: [UInt8]

    /// A key that was received.
    init(bytes: [UInt8]) { self.bytes = bytes }

    /// Says nothing of the key.
    var description: String { "a key of noise" }

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

    /// A number by which a checkpoint knows the key again, and which tells nothing of it.
    var fingerprint: UInt64 {
        Self.digest("fedmpi key ", bytes).prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }

    private static func digest(_ label: String, _ key: [UInt8] = []) -> [UInt8] {
        var hash = SHA256()
        hash.update(Array(label.utf8) + key)
        return hash.finalize()
    }

    /// A client's stream of a purpose.
    /// - Parameter round: no two of a client's turns may have the same.
    func stream(_ purpose: ClientPurpose, client: Int, _ round: RoundID) -> ChaCha20Stream {
        NoiseKey(bytes: Self.digest("fedmpi \(purpose.rawValue) of client \(client) ", bytes)).stream(.sum, round)
    }

    /// The server's stream of a purpose.
    /// - Parameters:
    ///   - round: its number is below 2³².
    ///   - part: tells streams of one round and purpose apart.
    func stream(_ purpose: Purpose, _ round: RoundID, part: UInt32 = 0) -> ChaCha20Stream {
        func littleEndian(_ word: UInt32) -> [UInt8] { withUnsafeBytes(of: word.littleEndian) { [UInt8]($0) } }
        // Attempts have 16 bits.
        let last = UInt32(round.attempt) | UInt32(purpose.rawValue) << 24
        return ChaCha20Stream(
            key: bytes, nonce: littleEndian(UInt32(round.number)) + littleEndian(part) + littleEndian(last))
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
