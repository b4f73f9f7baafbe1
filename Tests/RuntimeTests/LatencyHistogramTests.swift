import Testing

@testable import Runtime

struct LatencyHistogramTests {
    @Test func `percentiles of 1 to 1000 ms are the values of these ranks, to a thousandth`() {
        var histogram = LatencyHistogram()
        for milliseconds in (1...1000).reversed() { histogram.record(.milliseconds(milliseconds)) }
        let summary = histogram.summary
        #expect(summary.count == 1000)
        for (seconds, expected) in [
            (summary.p50, 0.5), (summary.p95, 0.95), (summary.p99, 0.99), (summary.max, 1.0), (summary.mean, 0.5005),
        ] {
            #expect(abs(seconds - expected) <= 0.001 * expected)
        }
    }

    @Test func `what two have counted is what one would have`() {
        var (one, even, odd) = (LatencyHistogram(), LatencyHistogram(), LatencyHistogram())
        for value in 1...5000 {
            one.record(nanoseconds: value * 977)
            if value % 2 == 0 { even.record(nanoseconds: value * 977) } else { odd.record(nanoseconds: value * 977) }
        }
        even.add(odd)
        #expect(even.summary == one.summary)
        #expect(even.buckets.map(\.count) == one.buckets.map(\.count))
    }

    @Test func `nothing has no percentiles, and the negative is zero`() {
        var histogram = LatencyHistogram()
        #expect(histogram.summary.p50.isNaN)
        histogram.record(nanoseconds: -5)
        #expect(histogram.count == 1)
        #expect(histogram.summary.max == 0)
    }
}
