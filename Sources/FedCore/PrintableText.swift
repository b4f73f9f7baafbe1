extension Unicode.Scalar {
    /// Whether a terminal, a table or a picture shows it as itself: no control character, no invisible or bidirectional
    /// format character, no line or paragraph separator, no private or unassigned code point.
    public var isPrintable: Bool {
        switch properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: false
        default: true
        }
    }
}

extension StringProtocol {
    /// First scalar that is not printable (``Unicode/Scalar/isPrintable``), nil if there is none. Looks at scalars, not at
    /// characters: a combining mark hides what it is put on from a comparison of characters.
    public var firstUnprintable: Unicode.Scalar? { unicodeScalars.first { !$0.isPrintable } }

    /// The text with each scalar that is not printable written as `\u{…}`: safe to show in a message.
    public var printable: String {
        unicodeScalars.map { $0.isPrintable ? String($0) : "\\u{\(String($0.value, radix: 16))}" }.joined()
    }
}
