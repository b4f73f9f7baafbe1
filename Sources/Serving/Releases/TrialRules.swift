import Foundation

/// How a release is tried beside the one that serves, and when it is refused.
///
/// A share of the requests, drawn at random four in turn, goes to the new release, so that both see the same load. There is one look, after
/// ``requests`` answers of the new one; no decision is taken before. It is refused when it is *shown* to be slower than ``slowdown`` allows
/// or to lose more accuracy than ``accuracyLoss``: each test is one-sided and keeps its part of ``level``, so that a release that is within
/// the margins is refused with at most that probability, on all devices together (Bonferroni).
public struct TrialRules: Sendable, Codable, Equatable {
    /// Share of the requests that the new release answers while it is tried, in (0, 1).
    public var share: Double
    /// Answers of the new release before the decision, ≥ 40.
    public var requests: Int
    /// How much longer its median and its 95th percentile of computing may be: 0.25 is a quarter.
    public var slowdown: Double
    /// How much accuracy it may lose: 0.01 is one image in a hundred.
    public var accuracyLoss: Double
    /// Probability of refusing a release within the margins, on all devices together.
    public var level: Double
    /// Devices that decide.
    public var devices: Int

    /// Probability of refusing within the margins unless told otherwise: one release in a hundred.
    public static let defaultLevel = 0.01

    /// Rules.
    public init(
        share: Double = 0.2, requests: Int = 400, slowdown: Double = 0.25, accuracyLoss: Double = 0.01,
        level: Double = defaultLevel, devices: Int = 1
    ) {
        (self.share, self.requests, self.slowdown) = (share, requests, slowdown)
        (self.accuracyLoss, self.level, self.devices) = (accuracyLoss, level, devices)
    }

    /// Tests of a device: median, 95th percentile, accuracy.
    private static let tests = 3.0

    /// The level of each test: three on each device, and that of the accuracy on all test images beforehand.
    public var testLevel: Double { level / (Self.tests * Double(max(1, devices)) + 1) }
}

/// What a trial on one device has come to.
public struct TrialReport: Sendable, Codable, Equatable {
    /// Answers of the new release.
    public var requests: Int
    /// Answers of the old one meanwhile.
    public var oldRequests: Int
    /// Different images that the new release has answered.
    public var images: Int
    /// Milliseconds of computing of the new release: median and 95th percentile.
    public var p50Ms: Double
    /// See ``p50Ms``.
    public var p95Ms: Double
    /// The same of the old release.
    public var oldP50Ms: Double
    /// See ``oldP50Ms``.
    public var oldP95Ms: Double
    /// Share of these images that the new release gets right.
    public var accuracy: Double
    /// The same of the old release, of the images that that has answered.
    public var oldAccuracy: Double
    /// Share of the images that both have answered which they answer alike, rightly or not; nil where there are none.
    public var agreement: Double?
    /// Why it is refused, in words with figures; empty: it is not.
    public var refusals: [String]

    /// The figures in one line.
    public var line: String {
        "\(requests) requests, of computing p50 \(Quantity.text(p50Ms)) ms (before \(Quantity.text(oldP50Ms))) and "
            + "p95 \(Quantity.text(p95Ms)) ms (\(Quantity.text(oldP95Ms))), "
            + "\(Quantity.text(100 * accuracy)) % of \(images) images right (\(Quantity.text(100 * oldAccuracy)) %)"
            + (agreement.map { ", \(Quantity.text(100 * $0)) % of the images of both answered alike" } ?? "")
    }
}
