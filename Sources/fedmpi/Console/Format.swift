import FedCore

/// Numbers as the console shows them, whatever the locale.
enum Format {
    /// 1234567 → 1,234,567.
    static func grouped(_ number: Int) -> String { Figures.grouped(number) }

    static func fixed(_ number: Double, _ decimals: Int) -> String { Figures.fixed(number, decimals) }

    /// Bytes as KB of 1,000.
    static func kilobytes(_ bytes: Int) -> String {
        grouped(Int((Double(bytes) / 1_000).rounded()))
    }

    /// Bytes as MB of 1,000,000.
    static func megabytes(_ bytes: Int) -> String { Figures.megabytes(bytes) }

    /// A share as percent, or a dash.
    static func percent(_ share: Double?) -> String {
        share.map { fixed($0 * 100, 2) + " %" } ?? "-"
    }

    /// A metric's value; nil without one.
    static func value(_ number: Double?, of metric: Metric) -> String? { Figures.value(number, of: metric) }

    /// Seconds as a person counts them: 7 s, 3 min 20 s, 2 h 5 min.
    static func duration(_ seconds: Double) -> String { Figures.duration(seconds) }

    static func count(_ number: Int, _ noun: String) -> String { Figures.count(number, noun) }

    static func padded(_ text: String, to width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }

    static func leftAligned(_ text: String, to width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }
}
