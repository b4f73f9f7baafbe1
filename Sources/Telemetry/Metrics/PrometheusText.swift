import FedCore

/// Metrics in Prometheus' text format, version 0.0.4 (*Exposition formats*, prometheus.io/docs/instrumenting).
///
/// ```
/// # HELP fedmpi_faults_total What went wrong, by kind, as in faults.json.
/// # TYPE fedmpi_faults_total counter
/// fedmpi_faults_total{kind="rank_lost"} 0
/// ```
///
/// Texts are not made `printable` here: the format has rules of its own for what may stand in a label, which is any text.
package enum PrometheusText {
    /// The `Content-Type` of it.
    package static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    /// Writes metrics, each with its `HELP` and `TYPE`.
    package static func text(of families: [MetricFamily]) -> String {
        var text = ""
        for family in families {
            text += "# HELP \(family.name) \(escaped(family.help, quotes: false))\n"
            text += "# TYPE \(family.name) \(family.kind.rawValue)\n"
            for sample in family.samples { append(sample, of: family.name, to: &text) }
        }
        return text
    }

    /// Appends a sample's line, or those of a histogram.
    private static func append(_ sample: MetricFamily.Sample, of name: String, to text: inout String) {
        switch sample.value {
        case .number(let value): text += "\(name)\(labels(sample.labels)) \(number(value))\n"
        case .histogram(let histogram):
            var sum = 0
            for (i, count) in histogram.counts.enumerated() {
                sum += count
                let bound = i < histogram.bounds.count ? number(histogram.bounds[i]) : "+Inf"
                text += "\(name)_bucket\(labels(sample.labels + [("le", bound)])) \(sum)\n"
            }
            text += "\(name)_sum\(labels(sample.labels)) \(number(histogram.sum))\n"
            text += "\(name)_count\(labels(sample.labels)) \(sum)\n"
        }
    }

    /// Labels in braces; nothing without any.
    private static func labels(_ labels: [(name: String, value: String)]) -> String {
        guard !labels.isEmpty else { return "" }
        return "{" + labels.map { "\($0.name)=\"\(escaped($0.value, quotes: true))\"" }.joined(separator: ",") + "}"
    }

    /// A backslash before backslashes and, in labels, quotation marks; a line break is `\n`.
    private static func escaped(_ text: String, quotes: Bool) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": escaped += "\\\\"
            case "\n": escaped += "\\n"
            case "\"" where quotes: escaped += "\\\""
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }

    /// A number as Go reads it; a whole one without its `.0`.
    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value > 0 ? "+Inf" : "-Inf" }
        return Int(exactly: value).map { "\($0)" } ?? "\(value)"
    }
}
