/// Markup of a page. It can only be made of literals in this program's source and of other markup: a text from elsewhere,
/// such as a run's name, is escaped when it is put in, so that it cannot become markup by mistake.
///
/// ```swift
/// let row: HTML = "<td title=\"\(run.reason)\">\(run.name)</td>"
/// ```
struct HTML: ExpressibleByStringInterpolation, Sendable {
    /// The markup as the browser gets it.
    private(set) var text: String

    init(stringLiteral text: String) { self.text = text }
    init(stringInterpolation parts: Interpolation) { text = parts.text }

    /// Nothing.
    static let none: HTML = ""

    /// Adds markup behind this.
    static func += (left: inout HTML, right: HTML) { left.text += right.text }

    /// What may stand in `\(…)`.
    struct Interpolation: StringInterpolationProtocol {
        fileprivate var text = ""

        init(literalCapacity: Int, interpolationCount: Int) { text.reserveCapacity(literalCapacity) }

        mutating func appendLiteral(_ literal: String) { text += literal }
        /// Other markup, as it is.
        mutating func appendInterpolation(_ part: HTML) { text += part.text }
        /// Several pieces of markup, one behind the other.
        mutating func appendInterpolation(_ parts: [HTML]) { for part in parts { text += part.text } }
        /// Markup that may be missing.
        mutating func appendInterpolation(_ part: HTML?) { text += part?.text ?? "" }
        /// A text, escaped, for the content of an element or of an attribute between double quotes.
        mutating func appendInterpolation(_ value: String) { HTML.escape(value, into: &text) }
        /// A text that may be missing; then nothing.
        mutating func appendInterpolation(_ value: String?) { HTML.escape(value ?? "", into: &text) }
        /// A whole number.
        mutating func appendInterpolation(_ value: some BinaryInteger) { text += "\(value)" }
        /// A coordinate, with one decimal.
        mutating func appendInterpolation(_ value: Double) { text += Words.fixed(value, 1) }
    }

    /// Appends a text so that it is one in HTML, also between double quotes of an attribute
    /// (https://html.spec.whatwg.org/multipage/parsing.html). Characters that HTML cannot have are replaced.
    private static func escape(_ value: String, into text: inout String) {
        for scalar in value.unicodeScalars {
            switch scalar {
            case "&": text += "&amp;"
            case "<": text += "&lt;"
            case ">": text += "&gt;"
            case "\"": text += "&quot;"
            case "'": text += "&#39;"
            case "\t", "\n": text.unicodeScalars.append(scalar)
            case _ where scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value): text += "\u{FFFD}"
            default: text.unicodeScalars.append(scalar)
            }
        }
    }
}

extension Collection {
    /// A piece of markup for each element, one behind the other.
    func html(_ body: (Element) throws -> HTML) rethrows -> HTML {
        var all = HTML.none
        for element in self { all += try body(element) }
        return all
    }
}
