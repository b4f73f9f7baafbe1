import FedCore

/// Treatment of samples that lack a label, a target or a number: option `missing`.
enum MissingValues: String, Sendable, CaseIterable {
    /// The file is refused, with the first of them named.
    case refuse
    /// They are left out, counted and reported.
    case drop
    /// Words that stand for "no value" elsewhere, such as `none`, are classes and categories.
    case keep
    /// Numbers that are missing are the mean of their column over the rows to train on; samples without a label or a
    /// target are left out. Both are counted and reported.
    case mean

    /// Words that stand for "no value" in tables, in lower case: those that pandas reads as one, and those that
    /// other programs write.
    private static let words: Set<String> = [
        "", "na", "n/a", "#n/a", "#n/a n/a", "#na", "<na>", "nan", "-nan", "null", "nil", "none", "?", "-", "--", ".",
        "\\n",
        "1.#ind", "-1.#ind", "1.#qnan", "-1.#qnan",
    ]

    /// Whether a text without blanks around it stands for "no value", in upper or lower case.
    static func isMissing(_ text: String) -> Bool { words.contains(text.lowercased()) }

    /// A missing value for messages: `empty`, or the word in quotes.
    static func describe(_ text: String) -> String { text.isEmpty ? "empty" : "'\(text)'" }

    /// Whether samples without a label or a target are left out.
    var leavesOut: Bool { self == .drop || self == .mean }
}

extension MissingValues {
    /// Reads option `missing`.
    ///
    /// - Parameters:
    ///   - options: the user's options.
    ///   - choices: the treatments that the source offers; the first is the default.
    /// - Throws: `ConfigurationError` when another is asked for.
    init(_ options: inout OptionReader, of choices: [MissingValues]) throws(ConfigurationError) {
        let word = try options.choice("missing", default: choices[0].rawValue, of: choices.map { $0.rawValue })
        self = MissingValues(rawValue: word) ?? choices[0]
    }
}
