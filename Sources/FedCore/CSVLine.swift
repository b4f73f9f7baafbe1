/// Comma-separated values: RFC 4180, but with the line ends of Unix.
public enum CSVLine {
    /// A line, without its end.
    public static func text(_ cells: some Sequence<String>) -> String {
        cells.map(cell).joined(separator: ",")
    }

    /// A cell as it stands in a line; what cannot be shown is written out. Spreadsheets compute what begins with `=`, `+`, `-` or `@`: where that is no number, an
    /// apostrophe before it says that it is a text.
    public static func cell(_ text: String) -> String {
        var text = text.printableLines
        if let first = text.unicodeScalars.first, "=+-@\t".unicodeScalars.contains(first), Double(text) == nil {
            text = "'" + text
        }
        // Scalars: a quotation mark with an accent ends a cell all the same.
        guard text.unicodeScalars.contains(where: { ",\"\n".unicodeScalars.contains($0) }) else { return text }
        var cell = String.UnicodeScalarView("\"".unicodeScalars)
        for scalar in text.unicodeScalars {
            if scalar == "\"" { cell.append(scalar) }
            cell.append(scalar)
        }
        return String(cell) + "\""
    }
}
