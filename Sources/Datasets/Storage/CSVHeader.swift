/// Decides whether the first line of a text table is the names of its columns or a row like the others.
///
/// A header taken for a row stops with an error, as texts are not numbers; a row taken for a header would
/// silently lose a sample. So doubtful lines are refused with the option that settles it.
enum CSVHeader {
    /// Length from which numbers at equal distances, such as `0, 1, 2, …`, are names beyond doubt; fewer may be
    /// a row.
    private static let manyNumbers = 8

    /// Judges a table's first line.
    ///
    /// - Parameters:
    ///   - fields: the fields of the first line.
    ///   - asked: the user's word; nil: there is none.
    ///   - features: indices of the columns that hold numbers in every row.
    ///   - reader: the reader that is at this line.
    ///   - needsNumbers: whether a line of texts is a row unless the user says otherwise.
    /// - Returns: whether it is a header, and a doubt to tell the user about, if there is one.
    /// - Throws: ``DatasetError/malformed(file:reason:)`` when it cannot be what the user says, or may be
    ///   either.
    static func judge(
        _ fields: [CSVReader.Field], asked: Bool?, features: [Int], of reader: CSVReader, needsNumbers: Bool = false
    ) throws(DatasetError) -> (isHeader: Bool, doubt: String?) {
        let texts = features.map { reader.text(fields[$0]) }
        let numbers = features.compactMap { reader.number(fields[$0]) }
        let all = fields.compactMap { reader.number($0) }
        switch asked {
        case false?: return (false, nil)
        case true?:
            guard !features.isEmpty, numbers.count == features.count, !isProgression(all), !isProgression(numbers)
            else {
                return (true, nil)
            }
            // Names of columns differ; numbers of a row need not.
            if let twice = firstRepeated(texts) {
                throw reader.malformed(
                    "line \(reader.line) is no header but a row of numbers, of which '\(twice)' comes twice; set "
                        + "header=false, and ask for columns by number")
            }
            return (true, "line \(reader.line) is taken for the header, as asked, and holds numbers: \(list(texts))")
        case nil:
            if !needsNumbers, numbers.isEmpty, firstRepeated(texts) == nil,
                !texts.contains(where: MissingValues.isMissing)
            {
                return (true, nil)
            }
            guard isProgression(all), fields.count - all.count <= 2 else { return (false, nil) }
            if all.count >= manyNumbers { return (true, nil) }
            guard all.count == fields.count, all.count > 2, all[0] == 0 || all[0] == 1, all[1] == all[0] + 1 else {
                return (false, nil)
            }
            throw reader.malformed(
                "line \(reader.line) counts \(list(fields.map { reader.text($0) })): set header=true if these name the "
                    + "columns, header=false if it is a row")
        }
    }

    /// The first few of some texts and the last one, for messages: `a, b, c, … z`.
    static func list(_ texts: [String], most: Int = 5) -> String {
        // What has commas itself could not be told from two.
        let texts = texts.contains { $0.contains(",") } ? texts.map { "'\($0)'" } : texts
        guard texts.count > most else { return texts.joined(separator: ", ") }
        return texts.prefix(most - 2).joined(separator: ", ") + ", … " + (texts.last ?? "")
    }

    /// Whether the numbers lie at equal distances, such as 0, 1, 2 or 400, 410, 420.
    private static func isProgression(_ numbers: [Double]) -> Bool {
        guard numbers.count > 1, numbers[0] != numbers[1] else { return false }
        return (2..<max(numbers.count, 2)).allSatisfy { numbers[$0] - numbers[$0 - 1] == numbers[1] - numbers[0] }
    }

    /// The first text that occurs for the second time. O(texts).
    private static func firstRepeated(_ texts: [String]) -> String? {
        var seen: Set<String> = []
        return texts.first { !seen.insert($0).inserted }
    }
}
