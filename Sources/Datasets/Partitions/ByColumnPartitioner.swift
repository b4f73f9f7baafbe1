public import FedCore

/// The clients are those the data come from: a file names the client of each training sample, in their order, or of each row of
/// the data's own file, of which some may be held out to test.
///
/// Names are numbers or texts; clients are numbered in the order of the numbers, or of the texts' UTF-8 when some are not
/// whole numbers. The file is text (of a single column, or a table of which option `column` names one, such as the data
/// set's own CSV file), or a whole-number array of NumPy's (`.npy`).
public struct ByColumnPartitioner: Partitioner {
    public static let name = "by-column"
    public static let summary = """
        a file names each training sample's client; options file=FILE, column (0) by name or number, header, separator
        """

    private let file: UserTable
    private let column: CSVReader.Column

    public init(_ settings: PartitionSettings, options: inout OptionReader) throws(ConfigurationError) {
        file = try UserTable(&options)
        column = CSVReader.Column(text: options.text("column", default: "0", "a column, by name or number"))
    }

    /// O(samples log clients).
    public func owners(
        labels: [Int32], classes: Int, clients: Int, seed: UInt64
    ) throws(ConfigurationError) -> [UInt32] {
        try owners(samples: labels.count, clients: clients, rows: nil)
    }

    /// O(rows log clients).
    public func owners(
        labels: [Int32], classes: Int, clients: Int, seed: UInt64, rows: SourceRows
    ) throws(ConfigurationError) -> [UInt32] {
        try owners(samples: labels.count, clients: clients, rows: rows)
    }

    private func owners(samples: Int, clients: Int, rows: SourceRows?) throws(ConfigurationError) -> [UInt32] {
        let names = try file.column(column)
        let total = rows?.count ?? samples
        guard names.count == samples || names.count == total else {
            let held = total > samples ? ", or of all \(total) rows of the data" : ""
            let isOneMore = names.count == samples + 1 || names.count == total + 1
            let header = isOneMore ? "; if line 1 is a header, set header=true" : ""
            throw ConfigurationError(
                "\(file.path) names the clients of \(names.count) samples; it must be of the \(samples) to train on\(held)"
                    + header)
        }
        let distinct = Self.sorted(Set(names))
        guard distinct.count == clients else {
            throw ConfigurationError(
                "\(file.path) names \(distinct.count) clients, and the run has \(clients); set --clients \(distinct.count)"
            )
        }
        let numbers = Dictionary(uniqueKeysWithValues: distinct.enumerated().map { ($1, UInt32($0)) })
        // A file of all rows names those of the test split, too.
        guard names.count != samples, let rows = rows?.rows else { return names.compactMap { numbers[$0] } }
        return rows.compactMap { numbers[names[Int($0)]] }
    }

    private static func sorted(_ names: Set<String>) -> [String] {
        let numbers = names.compactMap { name in Int(name).map { (number: $0, name: name) } }
        // The name decides between 7 and 07.
        guard numbers.count == names.count else { return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) } }
        return numbers.sorted { ($0.number, $0.name) < ($1.number, $1.name) }.map { $0.name }
    }
}
