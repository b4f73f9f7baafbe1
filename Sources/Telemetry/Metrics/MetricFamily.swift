/// A metric with its values, one for each set of labels: what Prometheus and OpenTelemetry both know.
package struct MetricFamily: Sendable {
    /// What a value means over time.
    package enum Kind: String, Sendable {
        /// Up and down.
        case gauge
        /// Only up, from the run's start.
        case counter
        /// How many values fell into each interval.
        case histogram
    }

    /// What a value counts, in base units.
    package enum Unit: String, Sendable {
        /// A count, a share, or a loss.
        case none = ""
        /// Also moments, in Unix time.
        case seconds
        /// What crosses between ranks.
        case bytes
    }

    /// Values by interval.
    package struct Histogram: Sendable, Equatable {
        /// Upper bounds of the intervals, ascending; one more interval has no bound.
        package let bounds: [Double]
        /// Values in each interval, which has its bound and not the one before.
        package private(set) var counts: [Int]
        /// Sum of all values.
        package private(set) var sum = 0.0

        /// Makes an empty histogram.
        package init(bounds: [Double]) {
            self.bounds = bounds
            counts = Array(repeating: 0, count: bounds.count + 1)
        }

        /// Number of values.
        package var count: Int { counts.reduce(0, +) }

        /// Counts a value.
        package mutating func add(_ value: Double) {
            counts[bounds.firstIndex { value <= $0 } ?? bounds.count] += 1
            sum += value
        }
    }

    /// One value, with what tells it apart.
    package struct Sample: Sendable {
        /// A number, or a histogram where the family is one.
        package enum Value: Sendable, Equatable {
            /// The value of a gauge or a counter.
            case number(Double)
            /// The values of a histogram.
            case histogram(Histogram)
        }

        /// In the order in which they are written.
        package let labels: [(name: String, value: String)]
        /// What was measured.
        package let value: Value

        /// Makes a sample.
        package init(_ value: Value, _ labels: [(name: String, value: String)] = []) {
            (self.value, self.labels) = (value, labels)
        }
    }

    /// By Prometheus' rules: lower case, the unit in it, `_total` behind a counter's.
    package let name: String
    /// One sentence.
    package let help: String
    /// What its values mean over time.
    package let kind: Kind
    /// The unit that is in the name.
    package let unit: Unit
    /// Its values; each has the same names of labels.
    package var samples: [Sample] = []

    /// Declares a metric; it has no values yet.
    package init(_ name: String, _ kind: Kind, _ unit: Unit = .none, _ help: String) {
        (self.name, self.kind, self.unit, self.help) = (name, kind, unit, help)
    }

    /// The same metric with these values; nil without any, because a metric that has none is not shown.
    package func with(_ samples: [Sample]) -> MetricFamily? {
        guard !samples.isEmpty else { return nil }
        var family = self
        family.samples = samples
        return family
    }

    /// The same metric with one value; nil where there is none.
    package func with(_ value: Double?, _ labels: [(name: String, value: String)] = []) -> MetricFamily? {
        value.flatMap { with([Sample(.number($0), labels)]) }
    }

    /// The same with a count.
    package func with(_ count: Int) -> MetricFamily? { with(Double(count)) }
}
