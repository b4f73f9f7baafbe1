public import FedCore

/// Exact numbers of samples of each class for each client, from a table of the user's, e.g. to repeat the
/// partition of another experiment. Which samples they are is drawn from the seed; samples that the table
/// leaves over belong to nobody.
///
/// The file has a line of counts for each client and a column for each class: text (separated by commas, or
/// option `separator`; names in the first line with `header=true`), or an integer array `[clients, classes]` of
/// NumPy's (`.npy`).
public struct ClassExactPartitioner: Partitioner {
    public static let name = "class-exact"
    public static let summary = """
        counts from a table, a line for each client and a column for each class; options file=TABLE, header, separator
        """

    private let file: UserTable

    /// Reads options `file`, `header` and `separator`; the file itself is read by `owners`.
    ///
    /// - Throws: `ConfigurationError` when `file` is missing or an option is not accepted.
    public init(_ settings: PartitionSettings, options: inout OptionReader) throws(ConfigurationError) {
        file = try UserTable(&options)
    }

    /// The client of each sample, or ``Partition/nobody``.
    ///
    /// - Throws: `ConfigurationError` when the file cannot be read, is not `[clients, classes]`, gives a client
    ///   no sample, or asks for more samples of a class than there are.
    /// - Complexity: O(samples + clients · classes), and the reading of the file.
    public func owners(
        labels: [Int32], classes: Int, clients: Int, seed: UInt64
    ) throws(ConfigurationError) -> [UInt32] {
        let rows = try file.counts()
        guard rows.count == clients else {
            throw ConfigurationError("\(file.path) is a table for \(rows.count) clients, and there are \(clients)")
        }
        var members = ClassTable.members(labels: labels, classes: classes)
        var left = members.map { $0.count }
        var table = ClassTable(clients: clients, classes: classes)
        for (client, row) in rows.enumerated() {
            guard row.count == classes else {
                throw ConfigurationError("\(file.path) is a table of \(row.count) classes, and there are \(classes)")
            }
            guard row.contains(where: { $0 > 0 }) else {
                throw ConfigurationError("\(file.path) gives client \(client) no samples")
            }
            for (label, count) in row.enumerated() {
                guard count <= left[label] else {
                    throw ConfigurationError(
                        "\(file.path) asks for more samples of class \(label) than the \(members[label].count) there are"
                    )
                }
                left[label] -= count
                table.add(count, of: label, to: client)
            }
        }
        for label in 0..<classes {
            var random = RandomStream(seed: seed, .partition, salt: 1 + label)
            random.shuffle(&members[label])
        }
        return table.owners(of: members, samples: labels.count)
    }
}
