public import FedCore

/// Label skew by number: each client holds samples of exactly k classes. A class is held by clients in
/// proportion to its size (by about k · clients / classes of them where classes are equal), and shared among
/// them equally, within 1.
///
/// Unlike ``ShardPartitioner``, which gives most clients k classes and some fewer or more, the number is exact.
///
/// Q. Li, Y. Diao, Q. Chen, B. He, *Federated Learning on Non-IID Data Silos: An Experimental Study*, ICDE
/// 2022, section IV-A ("quantity-based label imbalance", #C = k), arXiv:2102.02079.
public struct PathologicalPartitioner: Partitioner {
    public static let name = "pathological"
    public static let summary = "each client holds a few classes only; option classes (2 a client)"

    /// Number of classes of each client, k ≥ 1; option `classes`, 2 by default.
    public let classesPerClient: Int

    /// Reads option `classes`.
    ///
    /// - Throws: `ConfigurationError` when it is not a whole number of at least 1.
    public init(_ settings: PartitionSettings, options: inout OptionReader) throws(ConfigurationError) {
        classesPerClient = try options.integer("classes", default: 2, "at least 1") { $0 >= 1 }
    }

    /// The client of each sample; none is left out.
    ///
    /// - Throws: `ConfigurationError` when fewer than k classes have samples, or when k · clients places are
    ///   too few for every class to have a holder or too many for every holder to have a sample.
    /// - Complexity: O(samples + clients · k · classes).
    public func owners(
        labels: [Int32], classes: Int, clients: Int, seed: UInt64
    ) throws(ConfigurationError) -> [UInt32] {
        var members = ClassTable.members(labels: labels, classes: classes)
        var random = RandomStream(seed: seed, .partition)
        var order = (0..<classes).filter { !members[$0].isEmpty }
        random.shuffle(&order)
        let holders = try holders(of: order.map { members[$0].count }, clients: clients)

        var table = ClassTable(clients: clients, classes: classes)
        for (label, holders) in zip(order, deal(holders, clients: clients, &random)) {
            random.shuffle(&members[label])
            let count = members[label].count
            for (i, client) in holders.enumerated() {
                table.add((i + 1) * count / holders.count - i * count / holders.count, of: label, to: client)
            }
        }
        return table.owners(of: members, samples: labels.count)
    }

    /// Number of clients that hold each class: k · clients in all, at least one, no more than there are clients
    /// or samples, and one by one where a holder would get the most samples (J. Adams' method of
    /// apportionment).
    ///
    /// - Parameters:
    ///   - counts: number of samples of each class that has any.
    ///   - clients: number of clients.
    private func holders(of counts: [Int], clients: Int) throws(ConfigurationError) -> [Int] {
        let limits = counts.map { min(clients, $0) }
        let (total, overflows) = classesPerClient.multipliedReportingOverflow(by: clients)
        guard !overflows, counts.count <= total, classesPerClient <= counts.count, total <= limits.reduce(0, +) else {
            throw ConfigurationError(
                "\(clients) clients of \(classesPerClient) classes each cannot share \(counts.reduce(0, +)) samples "
                    + "of \(counts.count) classes; choose another number of classes or clients")
        }
        var holders = [Int](repeating: 1, count: counts.count)
        for _ in counts.count..<total {
            var best: Int?
            for i in counts.indices where holders[i] < limits[i] {
                guard let last = best else {
                    best = i
                    continue
                }
                if counts[i] * holders[last] > counts[last] * holders[i] { best = i }
            }
            if let best { holders[best] += 1 }
        }
        return holders
    }

    /// The clients of each class, so that every client gets k different ones.
    ///
    /// Laid end to end, the classes' places are k rows of one place for each client. A class has at most as many
    /// places as there are clients, so it lies in one row, or at the end of one and the beginning of the next; each
    /// row is dealt at random, but for that beginning, which goes to clients that do not hold the class already.
    private func deal(_ holders: [Int], clients: Int, _ random: inout RandomStream) -> [[Int]] {
        var result = [[Int]](repeating: [], count: holders.count)
        var row: [Int] = []
        for (label, count) in holders.enumerated() {
            while result[label].count < count {
                if row.isEmpty {
                    row = Array(0..<clients)
                    random.shuffle(&row)
                }
                let taken = Set(result[label])
                let chosen = row.filter { !taken.contains($0) }.prefix(count - taken.count)
                result[label] += chosen
                let gone = Set(chosen)
                row.removeAll { gone.contains($0) }
            }
        }
        return result
    }
}
