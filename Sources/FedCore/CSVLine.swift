/// Comma-separated values: RFC 4180, but with the line ends of Unix.
public enum CSVLine {
    /// The cells as one line, without its end.
    public static func text(_ cells: some Sequence<String>) -> String {
        cells.map(cell).joined(separator: ",")
    }

    /// A text as a cell for people and spreadsheets: unprintable characters are escaped, quotes are put where they are
    /// needed.
    ///
    /// Spreadsheets evaluate a cell that begins with `=`, `+`, `-` or `@`. Names in it may come from others, so an
    /// apostrophe marks such a text, unless it is a number.
    public static func cell(_ text: String) -> String {
        var text = text.printableLines
        if let first = text.unicodeScalars.first, "=+-@\t".unicodeScalars.contains(first), Double(text) == nil {
            text = "'" + text
        }
        return quoted(text)
    }

    /// A text as a cell that is read back as just that text: between quotes where it has to be, and otherwise
    /// unchanged.
    public static func quoted(_ text: String) -> String {
        // Scalars: a quotation mark with an accent ends a cell all the same. A line that begins with # is a comment to
        // many.
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

    /// The cells of a line, without their quotes. Never fails: a quote that is not closed reaches to the end of the
    /// line.
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
