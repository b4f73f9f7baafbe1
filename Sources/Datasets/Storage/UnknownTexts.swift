import FedCore

/// Treatment of a text in a column of texts that the table to train on does not have: option `unknown`.
enum UnknownTexts: String, Sendable, CaseIterable {
    /// The file is refused, with the first of them named.
    case refuse
    /// It is none of its column's texts: each of their features is 0, as by scikit-learn's
    /// `OneHotEncoder(handle_unknown="ignore")`. Counted and reported.
    case zero
    /// It is a missing value, with which is done what option `missing` says.
    case missing

    /// Reads option `unknown`.
    ///
    /// - Throws: `ConfigurationError` when another treatment is asked for.
    init(_ options: inout OptionReader) throws(ConfigurationError) {
        let word = try options.choice(
            "unknown", default: UnknownTexts.refuse.rawValue, of: UnknownTexts.allCases.map { $0.rawValue })
        options.explain(
            "a text that the table to train on does not have: refuse the file, zero in all features of its column, or a "
                + "missing value")
        self = UnknownTexts(rawValue: word) ?? .refuse
    }
}
