import Foundation

/// Numbers as people read them, whatever the locale.
public enum NumberText {
    /// 1234567 → 1,234,567.
    public static func grouped(_ number: Int) -> String {
        let digits = Array(String(number.magnitude))
        var text = ""
        for (i, digit) in digits.enumerated() {
            if i > 0, (digits.count - i) % 3 == 0 { text += "," }
            text.append(digit)
        }
        return number < 0 ? "-" + text : text
    }

    public static func fixed(_ number: Double, _ decimals: Int) -> String {
        String(format: "%.\(decimals)f", number)
    }

    /// A share as hundredths: 0.5 → 50.0 %.
    package static func percent(_ share: Double?, _ decimals: Int = 1) -> String {
        share.map { fixed(100 * $0, decimals) + " %" } ?? "-"
    }

    /// A metric's value as it is shown; nil without one.
    public static func value(_ number: Double?, of metric: Metric) -> String? {
        guard let number else { return nil }
        if metric.isShare { return percent(number, metric.decimals) }
        // Bytes and other counts have many digits.
        return metric.decimals == 0 && abs(number) < 1e15
            ? grouped(Int(number.rounded())) : fixed(number, metric.decimals)
    }

    /// Bytes as MB of 1,000,000; fewer than 10,000, of which no digit would be left, as KB of 1,000.
    public static func megabytes(_ bytes: Int) -> String {
        1..<10_000 ~= bytes ? fixed(Double(bytes) / 1e3, 2) + " KB" : fixed(Double(bytes) / 1e6, 2) + " MB"
    }

    /// Microseconds as seconds.
    package static func seconds(_ microseconds: Int, _ decimals: Int = 3) -> String {
        fixed(Double(microseconds) / 1e6, decimals)
    }

    /// Seconds as a person counts them: 7 s, 3 min 20 s, 2 h 5 min.
    public static func duration(_ seconds: Double) -> String {
        // More than anybody waits for, and still a number of minutes.
        let whole = Int(min(max(seconds, 0), 1e12).rounded())
        switch whole {
        case ..<60: return "\(whole) s"
        case ..<3600: return "\(whole / 60) min \(whole % 60) s"
        default: return "\(grouped(whole / 3600)) h \(whole / 60 % 60) min"
        }
    }

    public static func count(_ number: Int, _ noun: String) -> String {
        "\(grouped(number)) \(noun)\(number == 1 ? "" : "s")"
    }
}
