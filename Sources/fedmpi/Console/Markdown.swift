import FedCore

/// Texts in Markdown.
enum Markdown {
    /// A text that means nothing but itself, in a paragraph, a title or a cell of a table.
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
