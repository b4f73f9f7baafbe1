import Testing

@testable import Telemetry

/// By *Exposition formats*, text format 0.0.4 (prometheus.io).
struct PrometheusTextTests {
    @Test func `Labels and help are escaped, numbers are Go's`() {
        var family = MetricFamily("a_b", .gauge, "a \\ and a\nline, \"quoted\"")
        family.samples = [
            .init(.number(1), [("path", "C:\\DIR\\FILE.TXT"), ("error", "Cannot find \"FILE\"\n")]),
            .init(.number(.nan)), .init(.number(.infinity)), .init(.number(-.infinity)), .init(.number(0.25)),
            .init(.number(1e300)), .init(.number(1_458_255_915)),
        ]
        #expect(
            PrometheusText.text(of: [family]) == #"""
                # HELP a_b a \\ and a\nline, "quoted"
                # TYPE a_b gauge
                a_b{path="C:\\DIR\\FILE.TXT",error="Cannot find \"FILE\"\n"} 1
                a_b NaN
                a_b +Inf
                a_b -Inf
                a_b 0.25
                a_b 1e+300
                a_b 1458255915

                """#)
    }

    @Test func `A histogram's buckets are cumulative, and end with all`() {
        var histogram = MetricFamily.Histogram(bounds: [0.5, 1])
        for value in [0.25, 0.5, 0.75, 4] { histogram.add(value) }
        #expect(histogram.counts == [2, 1, 1] && histogram.count == 4)
        var family = MetricFamily("d_seconds", .histogram, .seconds, "how long")
        family.samples = [.init(.histogram(histogram))]
        #expect(
            PrometheusText.text(of: [family]) == """
                # HELP d_seconds how long
                # TYPE d_seconds histogram
                d_seconds_bucket{le="0.5"} 2
                d_seconds_bucket{le="1"} 3
                d_seconds_bucket{le="+Inf"} 4
                d_seconds_sum 5.5
                d_seconds_count 4

                """)
    }
}
