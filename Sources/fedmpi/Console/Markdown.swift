import FedCore

/// Text for Markdown files, such as a sweep's table.
enum Markdown {
    /// A row of a table.
    static func line(_ cells: [String]) -> String { "| " + cells.map(text).joined(separator: " | ") + " |" }

    /// A text that means nothing but itself in a paragraph, a title or a cell of a table: names of runs and reasons of
    /// errors come from outside, and must not become links, markup or HTML.
    static func text(_ text: String) -> String {
        var escaped = String.UnicodeScalarView()
        for scalar in text.printable.unicodeScalars {
            switch scalar {
            case "<": escaped.append(contentsOf: "&lt;".unicodeScalars)
            case "&": escaped.append(contentsOf: "&amp;".unicodeScalars)
            case "\\", "`", "*", "[", "]", "|", "#", "!":
                escaped.append("\\")
                escaped.append(scalar)
            // Between letters, as in most names, it means itself.
            default: escaped.append(scalar)
            }
        }
        return String(escaped)
    }
}
