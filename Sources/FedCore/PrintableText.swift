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
    /// The first scalar that is not printable (``Unicode/Scalar/isPrintable``); nil if there is none. It looks at
    /// scalars, not at characters: a combining mark hides what it is put on from a comparison of characters.
    public var firstUnprintable: Unicode.Scalar? { unicodeScalars.first { !$0.isPrintable } }

    /// The text with each scalar that is not printable written as `\u{…}`: one line, safe to show in a message.
    public var printable: String {
        written(keeping: { _ in false }, as: { "\\u{\(String($0.value, radix: 16))}" })
    }

    /// The text with line ends and tabs as they are, and every other scalar that is not printable written as `\uXXXX`,
    /// which in JSON means what it stands for: several lines, or JSON, safe to show on a terminal.
    public var printableLines: String {
        written(
            keeping: { $0 == "\n" || $0 == "\t" },
            as: { scalar in
                (UTF16.encode(scalar) ?? .init()).map { unit in
                    let digits = String(unit, radix: 16)
                    return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
                }.joined()
            })
    }

    /// The text with each run of digits as `#`: a key under which messages that differ in numbers alone are counted as
    /// one.
    public var withoutNumbers: String { String(self).replacing(/[0-9]+/, with: "#") }

    /// The text with an escape in the place of each scalar that is neither printable nor layout; the text itself,
    /// without a copy of its scalars, when there is none.
    private func written(keeping isLayout: (Unicode.Scalar) -> Bool, as escape: (Unicode.Scalar) -> String) -> String {
        guard unicodeScalars.contains(where: { !$0.isPrintable && !isLayout($0) }) else { return String(self) }
        var text = String.UnicodeScalarView()
        for scalar in unicodeScalars {
            if scalar.isPrintable || isLayout(scalar) {
                text.append(scalar)
            } else {
                text.append(contentsOf: escape(scalar).unicodeScalars)
            }
        }
        return String(text)
    }
}
