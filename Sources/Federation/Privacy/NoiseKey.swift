import Cryptography
import FedCore
import Foundation
import Records

/// The secret of a run with differential privacy: what noise, and with `--noise-source system` cohorts, are drawn from.
///
/// Everything that is drawn has a stream of its own, ChaCha20 with a nonce of purpose, round, attempt and part, so that
/// it is the same on any number of ranks, and after a resume with the same key.
struct NoiseKey: Sendable {
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

    private let bytes: [UInt8]

    /// Takes the key: of the file, which is made if it is not there; or a new one; or, simulated, the seed's.
    /// - Throws: `ConfigurationError` when the file holds no key, or cannot be read or made.
    init(_ settings: RunSettings) throws(ConfigurationError) {
        if settings.noiseSource == .simulated {
            var hash = SHA256()
            hash.update(Array("fedmpi simulated noise \(settings.seed)".utf8))
            bytes = hash.finalize()
        } else if let path = settings.noiseKey {
            bytes = try Self.key(in: path)
        } else {
            bytes = Self.drawn()
        }
    }

    /// A number by which a checkpoint knows the key again, and which tells nothing of it.
    var fingerprint: UInt64 {
        var hash = SHA256()
        hash.update(Array("fedmpi key ".utf8) + bytes)
        return hash.finalize().prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// The stream of a purpose.
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
