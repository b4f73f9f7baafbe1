import Cryptography
import FedCore
import Foundation
import Records

/// The server's noise: integers of a discrete Gaussian, on the lattice of the exact sum, from a stream of a key. A round's noise
/// follows from key, round and attempt, so that it is the same on any number of ranks, and after a resume with the same key.
struct CentralNoise {
    private let terms: PrivacyTerms
    private let key: [UInt8]
    private let gaussian: DiscreteGaussian

    /// Takes the key: of the file, which is made if it is not there; or a new one; or, simulated, the seed's.
    /// - Throws: `ConfigurationError` when the file holds no key, or cannot be read or made.
    init(_ settings: RunSettings, _ terms: PrivacyTerms) throws(ConfigurationError) {
        self.terms = terms
        gaussian = DiscreteGaussian(sigma: terms.sigma)
        if terms.isSimulated {
            var hash = SHA256()
            hash.update(Array("fedmpi simulated noise \(settings.seed)".utf8))
            key = hash.finalize()
        } else if let path = settings.noiseKey {
            key = try Self.key(in: path)
        } else {
            key = Self.drawn()
        }
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

    /// Adds a round's noise to a sum. O(floats).
    /// - Parameter sum: clients' updates, each of weight 1.
    func add(to sum: inout UpdateSum, _ round: RoundID) {
        var stream = ChaCha20Stream(key: key, nonce: Self.nonce(round))
        let steps = Int64(Double(terms.grid) * sum.stepsPerUnit)
        let words = (0..<sum.shape.plain).map { _ in gaussian.sample(&stream) &* steps }
        sum.add(piece: words.span, from: 0, levels: [])
    }

    /// The round and the attempt, which no two sums have in common.
    private static func nonce(_ round: RoundID) -> [UInt8] {
        let number = withUnsafeBytes(of: UInt64(round.number).littleEndian) { [UInt8]($0) }
        return number + withUnsafeBytes(of: UInt32(round.attempt).littleEndian) { [UInt8]($0) }
    }
}
