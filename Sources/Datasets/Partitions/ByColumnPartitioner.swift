public import FedCore

/// Natural clients: a file names the client of each sample, such as the writer of each letter or the device of
/// each record.
///
/// The file has one row for each training sample, in their order, or one for each row of the data's own file,
/// of which some may be held out for testing; the latter lets a column of the data set's own CSV file name the
/// clients.
///
/// Names are numbers or texts. Clients are numbered in the order of the numbers, or of the texts' UTF-8 when
/// some are not whole numbers. The file is text (of a single column, or a table of which option `column` names
/// one), or a whole-number array of NumPy's (`.npy`). The seed has no part in it.
public struct ByColumnPartitioner: Partitioner {
    public static let name = "by-column"
    public static let summary = """
        a file names each training sample's client; options file=FILE, column (0) by name or number, header, separator
        """

    private let file: UserTable
    private let column: CSVReader.Column

    /// Reads options `file`, `column`, `header` and `separator`; the file itself is read by `owners`.
    ///
    /// - Throws: `ConfigurationError` when `file` is missing or an option is not accepted.
    public init(_ settings: PartitionSettings, options: inout OptionReader) throws(ConfigurationError) {
        file = try UserTable(&options)
        column = CSVReader.Column(text: options.text("column", default: "0", "a column, by name or number"))
    }

    /// The client of each sample, for a file with one row for each training sample.
    ///
    /// - Throws: `ConfigurationError` when the file cannot be read, has another number of rows than there are
    ///   samples, or names another number of clients than the run has.
    /// - Complexity: O(samples log clients), and the reading of the file.
    public func owners(
        labels: [Int32], classes: Int, clients: Int, seed: UInt64
    ) throws(ConfigurationError) -> [UInt32] {
        try named(samples: labels.count, clients: clients, rows: nil).owners
    }

    /// The clients by their names, for a file of the training samples or of all rows of the data.
    ///
    /// - Throws: as above.
    /// - Complexity: O(rows log clients), and the reading of the file.
    public func partition(
        labels: [Int32], classes: Int, clients: Int, seed: UInt64, rows: SourceRows
    ) throws(ConfigurationError) -> Partition {
        let (owners, names) = try named(samples: labels.count, clients: clients, rows: rows)
        let areNumbers = names.enumerated().allSatisfy { $1 == "\($0)" }
        return Partition(owners: owners, clients: clients, names: areNumbers ? [] : names.map(\.printable))
    }

    /// Matches the file's rows with the samples: one to one, or by `rows` when the file covers the test samples
    /// too. Clients have their names in the order of their numbers.
    private func named(
        samples: Int, clients: Int, rows: SourceRows?
    ) throws(ConfigurationError) -> (owners: [UInt32], names: [String]) {
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
        let distinct = Self.sorted(Set(names.compactMap { $0 }))
        guard distinct.count == clients else {
            throw ConfigurationError(
                "\(file.path) names \(distinct.count) clients, and the run has \(clients); set --clients \(distinct.count)"
            )
        }
        let numbers = Dictionary(uniqueKeysWithValues: distinct.enumerated().map { ($1, UInt32($0)) })
        // A file of all rows has those of the test split, too, and those that the data leave out, which need no client.
        let all = names.count != samples ? rows?.rows.map { $0.map { Int($0) } } : nil
        var owners: [UInt32] = []
        owners.reserveCapacity(samples)
        for row in all ?? Array(names.indices) {
            guard let name = names[row], let number = numbers[name] else {
                throw ConfigurationError(
                    "\(file.path) names no client in row \(row + 1) of its data, which is trained on; a text in its place, such as unknown, "
                        + "makes a client of such rows")
            }
            owners.append(number)
        }
        return (owners, distinct)
    }

    /// The names in the order that numbers the clients: by value if all are whole numbers, else by UTF-8, which
    /// is the same on every machine whatever its locale.
    private static func sorted(_ names: Set<String>) -> [String] {
        let numbers = names.compactMap { name in Int(name).map { (number: $0, name: name) } }
        // The name decides between 7 and 07.
        guard numbers.count == names.count else { return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) } }
        return numbers.sorted { ($0.number, $0.name) < ($1.number, $1.name) }.map { $0.name }
    }
}
