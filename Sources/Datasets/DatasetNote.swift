/// What a reader found, or took for granted, in the files of a data set: one line for the user.
public struct DatasetNote: Sendable, Equatable {
    /// E.g. `train.csv: line 1 is the header: label, p0, p1, … p783`.
    public let text: String
    /// Whether it may not be what the user wants.
    public let isWarning: Bool

    static func fact(_ text: String) -> DatasetNote { DatasetNote(text: text, isWarning: false) }
    static func warning(_ text: String) -> DatasetNote { DatasetNote(text: text, isWarning: true) }
}
