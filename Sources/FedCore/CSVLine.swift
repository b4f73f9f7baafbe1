/// Comma-separated values: RFC 4180, but with the line ends of Unix.
public enum CSVLine {
    /// A line, without its end.
    public static func text(_ cells: some Sequence<String>) -> String {
        cells.map(cell).joined(separator: ",")
    }

    /// A cell as it stands in a line; what cannot be shown is written out. Spreadsheets compute what begins with `=`, `+`,
    /// `-` or `@`: where that is no number, an apostrophe before it says that it is a text.
    public static func cell(_ text: String) -> String {
        var text = text.printableLines
        if let first = text.unicodeScalars.first, "=+-@\t".unicodeScalars.contains(first), Double(text) == nil {
            text = "'" + text
        }
        return quoted(text)
    }

    /// A text as a cell that means just that text, between quotes where it has to be.
    public static func quoted(_ text: String) -> String {
        // Scalars: a quotation mark with an accent ends a cell all the same. A line that begins with # is a comment to many.
        let needsQuotes =
            text.unicodeScalars.first == "#" || text.unicodeScalars.contains { ",\"\n".unicodeScalars.contains($0) }
        guard needsQuotes else { return text }
        var cell = String.UnicodeScalarView("\"".unicodeScalars)
        for scalar in text.unicodeScalars {
            if scalar == "\"" { cell.append(scalar) }
            cell.append(scalar)
        }
        return String(cell) + "\""
    }

    /// The cells of a line, without quotes.
    public static func cells(of line: some StringProtocol) -> [String] {
        var cells = [""]
        var isQuoted = false
        var scalars = line.unicodeScalars[...]
        while let scalar = scalars.popFirst() {
            switch scalar {
            case "\"" where isQuoted && scalars.first == "\"":
                scalars.removeFirst()
                cells[cells.count - 1].unicodeScalars.append(scalar)
            case "\"": isQuoted.toggle()
            case "," where !isQuoted: cells.append("")
            default: cells[cells.count - 1].unicodeScalars.append(scalar)
            }
        }
        return cells
    }
}
