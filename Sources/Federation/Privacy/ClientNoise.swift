import Cryptography
import FedCore

/// A client's noise on its own update: a discrete Gaussian on the lattice that the update was moved to. With all of its noise what a
/// client sends protects it from everybody, the server among them; with a share of it the sum of many does.
///
/// Its numbers follow from key, client, round and attempt, so that any rank may train any client. As a Float has 24 bits, large
/// numbers are rounded on their way: of what has all of its noise, which costs no privacy. With shares none are (``NoiseShares``).
struct ClientNoise {
    private let key: NoiseKey
    private let gaussian: DiscreteGaussian
    private let grid: Float
    private let floats: Int

    /// The noise of a job's clients; nil where they have none of this kind.
    /// - Throws: `ConfigurationError` when there is no key.
    init?(_ job: Job) throws(ConfigurationError) {
        guard let terms = job.privacy, terms.account.isByClient else { return nil }
        key = try job.requiredNoiseKey()
        gaussian = DiscreteGaussian(sigma: UInt64(terms.account.sigma(terms.noise)))
        (grid, floats) = (terms.lattice.grid, terms.account.floats)
    }

    /// Adds noise to a clipped update. O(floats).
    func add(to message: inout MutableSpan<Float>, in turn: ClientTurn) {
        var stream = key.stream(.noise, client: turn.client, RoundID(turn.round, attempt: turn.attempt))
        for i in 0..<floats {
            let value = message[unchecked: i] / grid
            // What has diverged, or was forged, gets noise as everything else.
            let finite = value.isNaN ? 0 : min(max(value, -0x1p40), 0x1p40)
            let points = Int64(finite) + gaussian.sample(&stream)
            message[unchecked: i] = Float(points) * grid
        }
    }
}
