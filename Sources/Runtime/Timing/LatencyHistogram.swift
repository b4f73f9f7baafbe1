import Histogram

/// Counts durations by their length, to three significant digits, in a quarter of a megabyte, however many there are.
/// Percentiles of any number of requests cost no list of them, and histograms of several ranks add up.
///
/// ```swift
/// var latencies = LatencyHistogram()
/// for request in requests { latencies.record(request.duration) }
/// print(latencies.seconds(atPercentile: 99))
/// ```
///
/// G. Tene's HdrHistogram (<http://hdrhistogram.org>); values are kept in nanoseconds.
public struct LatencyHistogram: Sendable {
    /// The distribution's figures in seconds; NaN where nothing was recorded.
    public struct Summary: Sendable, Codable, Equatable {
        /// Number of durations.
        public let count: Int
        /// Mean, within the histogram's three digits.
        public let mean: Double
        /// Median.
        public let p50: Double
        /// 95th percentile.
        public let p95: Double
        /// 99th percentile.
        public let p99: Double
        /// The longest.
        public let max: Double
    }

    /// Counts by bucket.
    private var histogram = Histogram<UInt64>(highestTrackableValue: longest, numberOfSignificantValueDigits: .three)

    /// An hour: what is longer counts as that long.
    private static let longest: UInt64 = 3_600_000_000_000

    /// An empty histogram.
    public init() {}

    /// Number of durations recorded.
    public var count: Int { Int(histogram.totalCount) }

    /// Records a duration. Amortised O(1), without allocation.
    /// - Parameters:
    ///   - nanoseconds: the duration; a negative one counts as 0, one beyond an hour as an hour.
    ///   - count: how often it occurred, ≥ 0.
    public mutating func record(nanoseconds: Int, count: Int = 1) {
        let value = UInt64(Swift.min(Swift.max(nanoseconds, 0), Int(Self.longest)))
        _ = histogram.record(value, count: UInt64(count))
    }

    /// Records a duration once.
    public mutating func record(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        record(nanoseconds: Int(min(max(seconds, -1), 3_600)) * 1_000_000_000 + Int(attoseconds / 1_000_000_000))
    }

    /// Adds what another rank or thread has counted. O(buckets).
    public mutating func add(_ other: LatencyHistogram) {
        histogram.add(other.histogram)
    }

    /// The least duration, in seconds, that this share of the durations does not exceed; NaN of an empty histogram.
    /// - Parameter percentile: 0 to 100.
    public func seconds(atPercentile percentile: Double) -> Double {
        count == 0 ? .nan : Double(histogram.valueAtPercentile(percentile)) / 1e9
    }

    /// The distribution's figures. O(buckets).
    public var summary: Summary {
        Summary(
            count: count, mean: count == 0 ? .nan : histogram.mean / 1e9, p50: seconds(atPercentile: 50),
            p95: seconds(atPercentile: 95), p99: seconds(atPercentile: 99), max: seconds(atPercentile: 100))
    }

    /// The recorded durations, ascending, for a picture: each bucket's upper end in seconds, and how many fell into it.
    public var buckets: [(seconds: Double, count: Int)] {
        histogram.recordedValues().map { (Double($0.value) / 1e9, Int($0.count)) }
    }
}

/// Only the buckets that hold something are written: their upper ends in nanoseconds, and their counts.
extension LatencyHistogram: Codable {
    /// Names of the fields of the summary.
    private enum Key: CodingKey {
        case nanoseconds, counts
    }

    /// Durations that are believed: many such histograms can be added up.
    private static let mostDecoded = 1 << 48

    /// Reads a histogram from elsewhere; impossible counts are refused.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        let values = try container.decode([Int].self, forKey: .nanoseconds)
        let counts = try container.decode([Int].self, forKey: .counts)
        guard values.count == counts.count, counts.allSatisfy({ $0 >= 0 }) else {
            throw DecodingError.dataCorruptedError(
                forKey: .counts, in: container, debugDescription: "a histogram needs a count for each bucket")
        }
        self.init()
        var left = Self.mostDecoded
        for (value, count) in zip(values, counts) {
            guard count <= left else {
                throw DecodingError.dataCorruptedError(
                    forKey: .counts, in: container, debugDescription: "a histogram of more durations than can be")
            }
            left -= count
            record(nanoseconds: value, count: count)
        }
    }

    /// Writes the buckets that hold something.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        let recorded = histogram.recordedValues().map { ($0.value, $0.count) }
        try container.encode(recorded.map { $0.0 }, forKey: .nanoseconds)
        try container.encode(recorded.map { $0.1 }, forKey: .counts)
    }
}
