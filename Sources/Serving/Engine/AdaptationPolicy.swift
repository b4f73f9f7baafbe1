/// The thresholds and times by which an engine changes to another variant, see ``VariantStepper``. Times are seconds on
/// the device's clock.
public struct AdaptationPolicy: Sendable, Codable, Equatable {
    /// Latency that 95 of 100 responses may take, in seconds, > 0: past it the engine steps down.
    public var target: Double
    /// The engine steps up when the better variant is expected to stay under this share of the target, in (0, 1). The
    /// gap between it and 1 keeps the engine from going back and forth.
    public var headroom = 0.5
    /// Share of the time that the better variant may be expected to be busy, in (0, 1), when requests come at their own
    /// rate: near 1 queues would grow without bound.
    public var largestUtilisation = 0.8
    /// Responses that the 95th percentile is taken over: the latest of the variant that serves.
    public var window = 64
    /// Responses before anything is decided, at most `window`. Of 40 the 95th percentile leaves the two slowest out.
    public var leastResponses = 40
    /// Seconds that a variant serves at least before the engine steps down.
    public var shortestStay = 0.1
    /// Seconds: the engine does not step down while a queue shrinks so fast that it will be gone within this time,
    /// since the variant that serves copes already.
    public var longestDrain = 1.0
    /// Seconds that a variant serves at least before the engine steps up. Doubled each time a step up had to be taken
    /// back.
    public var patience = 1.0
    /// Seconds that doubling leads to at most, unless `patience` itself is longer.
    public var longestPatience = 60.0

    /// The default policy.
    ///
    /// - Parameter target: Seconds that 95 of 100 responses may take, > 0.
    public init(target: Double) {
        self.target = target
    }
}

/// A change to another variant, for reports and pictures.
public struct VariantSwitch: Sendable, Codable, Equatable {
    /// When, in seconds on the device's clock since serving began.
    public let seconds: Double
    /// The step that served before; 0 is the most accurate variant.
    public let from: Int
    /// The step that serves after: `from` ± 1, or a step of another release that takes over.
    public let to: Int
    /// Why, in words with figures.
    public let reason: String
}
