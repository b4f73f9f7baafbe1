import FedCore

/// What is done about samples that have no label: option `missing`.
enum MissingLabels: String, Sendable, CaseIterable {
    /// The file is refused, with the first of them.
    case refuse
    /// They are left out, counted and reported.
    case drop
    /// The words that say "no label" elsewhere are classes here.
    case keep

    /// What stands for "no value" in tables, in lower case: what pandas reads as one, and what other programs write.
    private static let words: Set<String> = [
        "", "na", "n/a", "#n/a", "#n/a n/a", "#na", "<na>", "nan", "-nan", "null", "nil", "none", "?", "-", "--", ".",
        "\\n",
        "1.#ind", "-1.#ind", "1.#qnan", "-1.#qnan",
    ]

    /// Whether a text without blanks around it says that there is no value.
    static func isMissing(_ text: String) -> Bool { words.contains(text.lowercased()) }
}

extension MissingLabels {
    /// Option `missing`.
    /// - Parameter choices: that the source has; the first is taken unless one is given.
    init(_ options: inout OptionReader, of choices: [MissingLabels]) throws(ConfigurationError) {
        let word = try options.choice("missing", default: choices[0].rawValue, of: choices.map { $0.rawValue })
        self = MissingLabels(rawValue: word) ?? choices[0]
    }
}
