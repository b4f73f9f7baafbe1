public import FedCore

/// The user's own class table: how many samples of each class each client gets. Which ones they are, the seed says; samples
/// that the table leaves over belong to nobody.
///
/// The file has a line of counts for each client and a column for each class: text (separated by commas, or option
/// `separator`; names in the first line with `header=true`), or an integer array `[clients, classes]` of NumPy's (`.npy`).
public struct ClassExactPartitioner: Partitioner {
    public static let name = "class-exact"
    public static let summary = """
        counts from a table, a line for each client and a column for each class; options file=TABLE, header, separator
        """

    private let file: UserTable

    public init(_ settings: PartitionSettings, options: inout OptionReader) throws(ConfigurationError) {
        file = try UserTable(&options)
    }

    /// O(samples + clients · classes).
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
