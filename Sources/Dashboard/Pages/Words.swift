import Foundation

/// Numbers and dates as people read them on a page.
enum Words {
    /// A number with fixed decimals; `nan` and infinities as such.
    static func fixed(_ value: Double, _ decimals: Int) -> String {
        value.isFinite ? String(format: "%.\(decimals)f", value) : "\(value)"
    }

    /// A share as a percentage, `87.14 %`; a dash for none.
    static func percent(_ share: Double?) -> String { share.map { fixed($0 * 100, 2) + " %" } ?? "–" }

    /// A number with as many digits as matter: four, at least none behind the point.
    static func number(_ value: Double?) -> String {
        guard let value else { return "–" }
        guard value.isFinite else { return "\(value)" }
        if value != 0, abs(value) < 0.001 || abs(value) >= 1e7 { return String(format: "%.3g", value) }
        let digits = value == 0 ? 0 : max(0, 3 - Int(log10(abs(value)).rounded(.down)))
        let text = String(format: "%.\(min(digits, 5))f", value)
        guard text.contains(".") else { return text }
        return String(text.reversed().drop { $0 == "0" }.drop { $0 == "." }.reversed())
    }

    /// A count with narrow spaces between thousands, at which no line breaks.
    static func count(_ value: Int) -> String {
        var digits = String(value.magnitude)
        var groups: [String] = []
        while digits.count > 3 {
            groups.insert(String(digits.suffix(3)), at: 0)
            digits.removeLast(3)
        }
        return (value < 0 ? "−" : "") + ([digits] + groups).joined(separator: "\u{202F}")
    }

    /// Bytes in the unit that suits them, of 1,000 each.
    static func bytes(_ bytes: Int) -> String {
        var value = Double(bytes)
        for unit in ["B", "kB", "MB", "GB"] {
            if abs(value) < 1000 { return (unit == "B" ? "\(bytes)" : number(value)) + " " + unit }
            value /= 1000
        }
        return number(value) + " TB"
    }

    /// A duration in the two largest units: `2 h 5 min`, `3 min 20 s`, `1.4 s`, `12 ms`.
    static func duration(_ seconds: Double?) -> String {
        guard let seconds, seconds.isFinite else { return "–" }
        if seconds < 0.1 { return seconds <= 0 ? "0 s" : number(seconds * 1000) + " ms" }
        if seconds < 60 { return fixed(seconds, seconds < 10 ? 1 : 0) + " s" }
        let whole = Int(seconds.rounded())
        if whole < 3600 { return "\(whole / 60) min \(whole % 60) s" }
        if whole < 86_400 { return "\(whole / 3600) h \(whole % 3600 / 60) min" }
        return "\(whole / 86_400) d \(whole % 86_400 / 3600) h"
    }

    /// A moment in UTC: `2026-11-28 14:03`.
    static func date(_ date: Date) -> String { text(of: date, "%Y-%m-%d %H:%M") }
    /// A moment for machines, `2026-11-28T14:03:56Z` (RFC 3339).
    static func timestamp(_ date: Date) -> String { text(of: date, "%Y-%m-%dT%H:%M:%SZ") }

    /// A moment in UTC in the form of `strftime`.
    private static func text(of date: Date, _ format: String) -> String {
        var seconds = time_t(date.timeIntervalSince1970.rounded(.down))
        var parts = tm()
        gmtime_r(&seconds, &parts)
        var buffer = [CChar](repeating: 0, count: 64)
        let length = strftime(&buffer, buffer.count, format, &parts)
        return String(decoding: buffer.prefix(length).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// A mean and the sample standard deviation of several values: `87.14 ± 0.20`; the mean alone of one.
    static func spread(_ values: [Double], _ text: (Double) -> String) -> String {
        guard !values.isEmpty else { return "–" }
        let mean = values.reduce(0, +) / Double(values.count)
        guard values.count > 1 else { return text(mean) }
        let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        return text(mean) + " ± " + text((squares / Double(values.count - 1)).squareRoot())
    }
}
