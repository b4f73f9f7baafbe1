import FedCore

/// Treatment of samples that have no label: option `missing`.
enum MissingLabels: String, Sendable, CaseIterable {
    /// The file is refused, with the first of them named.
    case refuse
    /// They are left out, counted and reported.
    case drop
    /// Words that stand for "no label" elsewhere, such as `none`, are classes.
    case keep

    /// Words that stand for "no value" in tables, in lower case: those that pandas reads as one, and those that
    /// other programs write.
    private static let words: Set<String> = [
        "", "na", "n/a", "#n/a", "#n/a n/a", "#na", "<na>", "nan", "-nan", "null", "nil", "none", "?", "-", "--", ".",
        "\\n",
        "1.#ind", "-1.#ind", "1.#qnan", "-1.#qnan",
    ]

    /// Whether a text without blanks around it stands for "no value", in upper or lower case.
    static func isMissing(_ text: String) -> Bool { words.contains(text.lowercased()) }
}

extension MissingLabels {
    /// Reads option `missing`.
    ///
    /// - Parameters:
    ///   - options: the user's options.
    ///   - choices: the treatments that the source offers; the first is the default.
    /// - Throws: `ConfigurationError` when another is asked for.
    init(_ options: inout OptionReader, of choices: [MissingLabels]) throws(ConfigurationError) {
        let word = try options.choice("missing", default: choices[0].rawValue, of: choices.map { $0.rawValue })
        self = MissingLabels(rawValue: word) ?? choices[0]
    }
}
