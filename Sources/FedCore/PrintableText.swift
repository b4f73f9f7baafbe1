extension Unicode.Scalar {
    /// Whether a terminal, a table or a picture shows it as itself: no control character, no invisible or bidirectional
    /// format character, no line or paragraph separator, no private or unassigned code point.
    public var isPrintable: Bool {
        if value < 0x7f { return value >= 0x20 }
        return switch properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: false
        default: true
        }
    }
}

extension StringProtocol {
    /// First scalar that is not printable (``Unicode/Scalar/isPrintable``), nil if there is none. Looks at scalars, not at
    /// characters: a combining mark hides what it is put on from a comparison of characters.
    public var firstUnprintable: Unicode.Scalar? { unicodeScalars.first { !$0.isPrintable } }

    /// The text with each scalar that is not printable written as `\u{…}`: one line, safe to show in a message.
    public var printable: String { printable { _ in false } }

    /// Likewise, but line ends and tabs stay: a text of several lines, safe to show on a terminal.
    public var printableLines: String { printable { $0 == "\n" || $0 == "\t" } }

    /// A JSON text with the same value, in which what is not printable is written as `\uXXXX`, but for line ends and tabs
    /// between values.
    public var printableJSON: String {
        guard unicodeScalars.contains(where: { $0.value > 0x7e && !$0.isPrintable }) else { return String(self) }
        var text = String.UnicodeScalarView()
        for scalar in unicodeScalars {
            guard scalar.value > 0x7e, !scalar.isPrintable else {
                text.append(scalar)
                continue
            }
            for unit in UTF16.encode(scalar) ?? .init() {
                let digits = String(unit, radix: 16)
                text.append(
                    contentsOf: ("\\u" + String(repeating: "0", count: 4 - digits.count) + digits).unicodeScalars)
            }
        }
        return String(text)
    }

    private func printable(but isLayout: (Unicode.Scalar) -> Bool) -> String {
        guard unicodeScalars.contains(where: { !$0.isPrintable && !isLayout($0) }) else { return String(self) }
        var text = String.UnicodeScalarView()
        for scalar in unicodeScalars {
            if scalar.isPrintable || isLayout(scalar) {
                text.append(scalar)
            } else {
                text.append(contentsOf: "\\u{\(String(scalar.value, radix: 16))}".unicodeScalars)
            }
        }
        return String(text)
    }
}
