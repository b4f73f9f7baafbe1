public import Foundation

/// Models that are to take the place of those that devices serve, while they serve: what a registry's aliases mean once one has moved.
public struct Release: Sendable, Codable, Equatable {
    /// A model of it.
    public struct Model: Sendable, Codable, Equatable {
        /// How tables and files call it, e.g. `digits@2`.
        public var name: String
        /// Share of the test images that it gets right, in [0, 1].
        public var accuracy: Double
        /// SHA-256 of its file, 64 hexadecimal digits.
        public var digest: String
        /// The file: between ranks, which share no disk. nil from where it has been written to a file on.
        public var bytes: Data?
        /// Path of the file on the device's host; nil as long as it travels.
        public var path: String?

        /// A model that travels as bytes.
        public init(name: String, accuracy: Double, digest: String, bytes: Data) {
            (self.name, self.accuracy, self.digest, self.bytes) = (name, accuracy, digest, bytes)
        }
    }

    /// Counts the releases of a fleet; 0 is the one that it began with.
    public var number: Int
    /// How lines call it, e.g. `digits@2`.
    public var name: String
    /// The models, in the order of those that they replace.
    public var models: [Model]
    /// How it is tried before it takes over; nil: it takes over as soon as it is loaded, because the rest of the fleet has tried it.
    public var trial: TrialRules?

    /// A release.
    public init(number: Int, name: String, models: [Model], trial: TrialRules?) {
        (self.number, self.name, self.models, self.trial) = (number, name, models, trial)
    }
}

/// What rank 0 tells a device of a release.
public enum ReleaseOrder: Codable, Sendable {
    /// To load it beside what serves, and to try it.
    case offer(Release)
    /// To let it take over; by number.
    case adopt(Int)
    /// To go on without it; by number.
    case drop(Int)
}

/// What a device tells rank 0 of a release, by its number.
public enum ReleaseNews: Codable, Sendable, Equatable {
    /// It cannot be served here, for this reason; what serves goes on.
    case unfit(Int, String)
    /// It has answered its first request.
    case answered(Int)
    /// Its trial has enough requests for a verdict.
    case tried(Int, TrialReport)
    /// It has taken over: from here on it answers every request.
    case tookOver(Int)
}

/// A stretch of a device's time in which one release served and no other, one or none, was under way beside it. Every answer is in one of
/// them, so that their sums are those of the load's phases: a change of releases loses none.
public struct ServingEpoch: Sendable, Codable, Equatable {
    /// What there was beside the release that served. Raw values stand in files.
    public enum Kind: String, Sendable, Codable {
        /// Nothing.
        case serving
        /// Another release was being read, compiled and warmed.
        case loading
        /// Another release answered a share of the requests.
        case trying
    }

    /// What there was beside the release that served.
    public var kind: Kind
    /// The release that served.
    public var release: String
    /// The other one; nil when there was none.
    public var other: String?
    /// When it began, in seconds on the device's clock.
    public var start: Double
    /// Answers, of both.
    public var answered = 0
    /// Answers of the other one.
    public var answeredByOther = 0
    /// Milliseconds from arrival to answer: mean, median, 95th percentile, longest; nil without answers.
    public var meanMs: Double?
    /// See ``meanMs``.
    public var p50Ms: Double?
    /// See ``meanMs``.
    public var p95Ms: Double?
    /// See ``meanMs``.
    public var longestMs: Double?
}
