/// Everything that a codec may know beside the numbers: to which tensors they belong, and whose they are in which
/// round, from which its random numbers follow. Client and server derive it alike; nothing of it crosses.
public struct CodecContext: Sendable, Equatable {
    /// The tensors among the encoded numbers; ascending, and together all of them.
    public var tensors: [CodecTensor]
    /// The run's seed.
    public var seed: UInt64
    /// The round's number, from 1.
    public var round: Int
    /// Number of times that the round has been repeated for want of updates, from 0.
    public var attempt: Int
    /// The client's number.
    public var client: Int
    /// Which step of a codec that changes in the course of a run, from 0; 0 of others.
    public var level = 0

    /// Describes an update to a codec.
    public init(tensors: [CodecTensor], seed: UInt64, round: Int, attempt: Int = 0, client: Int) {
        self.tensors = tensors
        self.seed = seed
        self.round = round
        self.attempt = attempt
        self.client = client
    }

    /// The random stream of this client's update. What client and server draw from it must be the same numbers in the
    /// same order; a rounding that only the client does may have a salt of its own.
    /// - Parameter isForRounding: whether only the encoder draws.
    public func clientStream(isForRounding: Bool = false) -> RandomStream {
        RandomStream(
            seed: seed, isForRounding ? .stochasticRounding : .compression, round: round, client: client, salt: attempt)
    }

    /// A random stream that all updates of the round share.
    /// - Parameter tensor: a number that tells streams of the round apart, from 0.
    public func sharedStream(tensor: Int = 0) -> RandomStream {
        RandomStream(seed: seed, .sharedCompression, round: round, client: tensor, salt: attempt)
    }
}
