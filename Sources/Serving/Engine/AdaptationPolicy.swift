/// When the engine changes to another variant.
public struct AdaptationPolicy: Sendable, Codable, Equatable {
    /// Seconds that 95 of 100 responses may take, > 0: past it the engine steps down.
    public var target: Double
    /// The engine steps up when the better variant is expected to stay under this share of the target, in (0, 1).
    public var headroom = 0.5
    /// Share of the time that the better variant may be expected to be busy, when requests come at their own rate.
    public var largestUtilisation = 0.8
    /// Responses that the 95th percentile is taken over: the latest of the same variant.
    public var window = 64
    /// Responses before anything is decided, at most `window`. Of 40 the 95th percentile leaves the two slowest out.
    public var leastResponses = 40
    /// Seconds that a variant serves at least before the engine steps down.
    public var shortestStay = 0.1
    /// A queue that will be gone within so many seconds, as it is shrinking, is waited for before the engine steps down.
    public var longestDrain = 1.0
    /// Seconds that a variant serves at least before the engine steps up. Doubled each time a step up had to be taken back.
    public var patience = 1.0
    /// The most that doubling leads to, unless `patience` itself is longer.
    public var longestPatience = 60.0

    public init(target: Double) {
        self.target = target
    }
}

/// A change to another variant.
public struct VariantSwitch: Sendable, Codable, Equatable {
    /// When, in seconds since serving began.
    public let seconds: Double
    /// Steps of the ladder: 0 is the most accurate variant.
    public let from: Int
    public let to: Int
    public let reason: String
}
