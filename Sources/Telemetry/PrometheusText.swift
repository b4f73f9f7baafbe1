/// Figures in Prometheus' text format, version 0.0.4
/// (https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format).
///
/// ```swift
/// var text = PrometheusText()
/// text.family("fedmpi_faults_total", .counter, "What went wrong, by kind.") { $0.sample(["kind": "rank_lost"], 2) }
/// ```
public struct PrometheusText {
    /// What kind of figure a family is.
    public enum Kind: String {
        /// Only grows while the process lives; its name ends with `_total`.
        case counter
        /// Goes up and down.
        case gauge
        /// Counts of values up to bounds, with their number and their sum.
        case histogram
    }

    /// The media type of an answer.
    public static let mediaType = "text/plain; version=0.0.4; charset=utf-8"

    /// The text so far.
    public private(set) var text = ""
    /// Name of the family that is written.
    private var family = ""

    /// Nothing yet.
    public init() {}

    /// Writes a family: figures of one name, told apart by labels. One without a figure leaves no trace.
    ///
    /// - Parameters:
    ///   - name: lower-case words with underscores, the unit last: `_bytes`, `_seconds`, `_ratio`.
    ///   - kind: what kind of figure it is.
    ///   - help: one sentence.
    ///   - body: writes the samples.
    public mutating func family(_ name: String, _ kind: Kind, _ help: String, _ body: (inout PrometheusText) -> Void) {
        let before = text
        family = name
        text += "# HELP \(name) \(Self.escaped(help, quotes: false))\n# TYPE \(name) \(kind.rawValue)\n"
        let head = text.utf8.count
        body(&self)
        if text.utf8.count == head { text = before }
    }

    /// Writes a family of one figure.
    ///
    /// - Parameter value: nil: the family is left out.
    public mutating func family(_ name: String, _ kind: Kind, _ help: String, _ value: Double?) {
        family(name, kind, help) { text in
            if let value { text.sample([:], value) }
        }
    }

    /// Writes a figure of the family.
    ///
    /// - Parameters:
    ///   - labels: by name; values may be any text.
    ///   - value: also NaN and infinities, for which the format has words.
    ///   - suffix: of the name, as a histogram's figures have them.
    public mutating func sample(_ labels: KeyValuePairs<String, String>, _ value: Double, suffix: String = "") {
        let list = labels.map { "\($0.key)=\"\(Self.escaped($0.value, quotes: true))\"" }.joined(separator: ",")
        text += family + suffix + (list.isEmpty ? "" : "{\(list)}") + " \(Self.number(value))\n"
    }

    /// A number in the format's words.
    private static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        return value == value.rounded() && abs(value) < 1e15 ? "\(Int64(value))" : "\(value)"
    }

    /// A text with the format's escapes: backslash and line feed, in labels the double quote, too.
    private static func escaped(_ text: String, quotes: Bool) -> String {
        var escaped = ""
        for character in text.unicodeScalars {
            switch character {
            case "\\": escaped += "\\\\"
            case "\n": escaped += "\\n"
            case "\"" where quotes: escaped += "\\\""
            default: escaped.unicodeScalars.append(character)
            }
        }
        return escaped
    }
}
