import FedCore

/// Numbers as the console shows them, whatever the locale: output of two machines can be compared line by line.
enum Format {
    /// A whole number with commas: 1234567 → 1,234,567.
    static func grouped(_ number: Int) -> String { NumberText.grouped(number) }

    /// A number with a fixed count of digits behind the point.
    static func fixed(_ number: Double, _ decimals: Int) -> String { NumberText.fixed(number, decimals) }

    /// Bytes as KB of 1,000, rounded, without the unit, which stands in the column's title.
    static func kilobytes(_ bytes: Int) -> String {
        grouped(Int((Double(bytes) / 1_000).rounded()))
    }

    /// Bytes as MB of 1,000,000, with the unit.
    static func megabytes(_ bytes: Int) -> String { NumberText.megabytes(bytes) }

    /// A share in [0, 1] as percent with two decimals; a dash for nil.
    static func percent(_ share: Double?) -> String {
        share.map { fixed($0 * 100, 2) + " %" } ?? "-"
    }

    /// A metric's value in the metric's own format; nil without a value.
    static func value(_ number: Double?, of metric: Metric) -> String? { NumberText.value(number, of: metric) }

    /// Seconds as a person counts them: 7 s, 3 min 20 s, 2 h 5 min.
    static func duration(_ seconds: Double) -> String { NumberText.duration(seconds) }

    /// A number with its noun, in the plural where it belongs: `1 rank`, `5 ranks`.
    static func count(_ number: Int, _ noun: String) -> String { NumberText.count(number, noun) }

    /// A text with spaces before it up to a width in characters; a longer text stays whole.
    static func padded(_ text: String, to width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }

    /// A text with spaces behind it up to a width in characters; a longer text stays whole.
    static func leftAligned(_ text: String, to width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }
}
