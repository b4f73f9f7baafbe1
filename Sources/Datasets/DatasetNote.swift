/// One line for the user about how a file was read: a guess that the reader made (such as which line is the
/// header) or something in the data that is easily overlooked.
public struct DatasetNote: Sendable, Equatable {
    /// The line, without a prefix, e.g. `train.csv: line 1 is the header: label, p0, p1, … p783`.
    public let text: String
    /// Whether the finding may not be what the user wants, e.g. pixel values that nobody scaled.
    public let isWarning: Bool
    /// Whether it warns of the numbers' range, which normalised inputs do not have any more.
    let concernsRange: Bool

    private init(_ text: String, isWarning: Bool, concernsRange: Bool = false) {
        (self.text, self.isWarning, self.concernsRange) = (text, isWarning, concernsRange)
    }

    /// A note that states how something was read.
    static func fact(_ text: String) -> DatasetNote { DatasetNote(text, isWarning: false) }
    /// A note that asks the user to look again.
    static func warning(_ text: String) -> DatasetNote { DatasetNote(text, isWarning: true) }
    /// A warning of the numbers' range.
    static func rangeWarning(_ text: String) -> DatasetNote {
        DatasetNote(text, isWarning: true, concernsRange: true)
    }
}
