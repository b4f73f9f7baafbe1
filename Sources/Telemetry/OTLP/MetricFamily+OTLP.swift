extension MetricFamily {
    /// The name in OpenTelemetry: without `_total`, which its exporters to Prometheus add.
    var nameInOTLP: String { name.hasSuffix("_total") ? String(name.dropLast("_total".count)) : name }

    /// Writes a `Metric`; counters and histograms are cumulative.
    ///
    /// - Parameters:
    ///   - start: since when they count, in microseconds since 1970.
    ///   - time: when they were read.
    func write(to writer: inout some OTLPWriter, start: Int, time: Int) {
        let cumulative = 2
        writer.add(1, "name", text: nameInOTLP)
        writer.add(2, "description", text: help)
        writer.add(3, "unit", text: unit.codeInOTLP)
        switch kind {
        case .gauge:
            writer.add(5, "gauge") { write(points: &$0, start: start, time: time) }
        case .counter:
            writer.add(7, "sum") {
                write(points: &$0, start: start, time: time)
                $0.add(2, "aggregationTemporality", code: cumulative)
                $0.add(3, "isMonotonic", flag: true)
            }
        case .histogram:
            writer.add(9, "histogram") {
                write(points: &$0, start: start, time: time)
                $0.add(2, "aggregationTemporality", code: cumulative)
            }
        }
    }

    /// Writes the data points, a `NumberDataPoint` or a `HistogramDataPoint` for each sample.
    private func write(points writer: inout some OTLPWriter, start: Int, time: Int) {
        writer.add(1, "dataPoints", each: samples) { sample, writer in
            let attributes: OTLPAttributes = sample.labels.map { ($0.name, .text($0.value)) }
            writer.add(2, "startTimeUnixNano", fixed: UInt64(nanosecondsOf: start))
            writer.add(3, "timeUnixNano", fixed: UInt64(nanosecondsOf: time))
            switch sample.value {
            case .number(let number):
                writer.add(4, "asDouble", number: number)
                writer.add(7, attributes: attributes)
            case .histogram(let histogram):
                writer.add(4, "count", fixed: UInt64(histogram.count))
                writer.add(5, "sum", number: histogram.sum)
                writer.add(6, "bucketCounts", fixed: histogram.counts.map { UInt64($0) })
                writer.add(7, "explicitBounds", numbers: histogram.bounds)
                writer.add(9, attributes: attributes)
            }
        }
    }
}

extension MetricFamily.Unit {
    /// As OpenTelemetry writes units, by UCUM.
    var codeInOTLP: String {
        switch self {
        case .none: "1"
        case .seconds: "s"
        case .bytes: "By"
        }
    }
}
