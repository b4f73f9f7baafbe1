/// Number of samples of each class that each client is to get, `[clients, classes]`.
///
/// Partitioners that skew labels or sizes work in two steps: they fill such a table, and then
/// ``owners(of:samples:)`` deals out concrete samples. Takes 4 bytes an entry.
struct ClassTable {
    /// Number of clients, ≥ 1.
    let clients: Int
    /// Number of classes, ≥ 1; 1 where only the sizes matter.
    let classes: Int
    // [clients, classes]
    private var counts: [Int32]
    /// Number of samples of each client, over all classes: the sum of its row.
    private var sizes: [Int]

    /// Creates a table of zeros. O(clients · classes).
    init(clients: Int, classes: Int) {
        self.clients = clients
        self.classes = classes
        counts = [Int32](repeating: 0, count: clients * classes)
        sizes = [Int](repeating: 0, count: clients)
    }

    /// Number of samples of class `label` that `client` gets.
    subscript(client: Int, label: Int) -> Int { Int(counts[client * classes + label]) }

    /// Adds a share of one class to every client. O(clients).
    ///
    /// - Parameters:
    ///   - label: the class.
    ///   - shares: one for each client, ≥ 0.
    mutating func fill(_ label: Int, _ shares: [Int]) {
        for client in 0..<clients { add(shares[client], of: label, to: client) }
    }

    /// Adds samples of one class to one client's share. O(1).
    mutating func add(_ count: Int, of label: Int, to client: Int) {
        counts[client * classes + label] += Int32(count)
        sizes[client] += count
    }

    /// Moves samples to clients that have fewer than `minimum`, so that every client has something to train on.
    ///
    /// They are moved one at a time from the client that is then the largest, each time one of its most
    /// numerous class: this changes the drawn skew as little as possible. Totals of the classes do not change.
    ///
    /// - Parameter minimum: least number of samples of each client, ≥ 0.
    /// - Precondition: `minimum · clients` ≤ all samples.
    /// - Complexity: O(clients log clients + m (log clients + classes)) for m moves; O(clients) when nobody has
    ///   too few.
    mutating func raise(toAtLeast minimum: Int) {
        let poor = (0..<clients).filter { sizes[$0] < minimum }
        guard !poor.isEmpty else { return }
        var givers = LargestFirst(sizes)
        for client in poor {
            while sizes[client] < minimum {
                let giver = givers.largest
                precondition(sizes[giver] > minimum, "too few samples for the minimum")
                let label = mostNumerousClass(of: giver)
                counts[giver * classes + label] -= 1
                counts[client * classes + label] += 1
                sizes[giver] -= 1
                sizes[client] += 1
                // A client that receives stays below the minimum or reaches it, so it never becomes a giver, and its
                // stale place in the queue does not matter.
                givers.decrementLargest()
            }
        }
    }

    /// The client of each sample: each class's samples go to the clients one after the other, in both their
    /// orders, and what is left belongs to ``Partition/nobody``.
    ///
    /// - Parameters:
    ///   - members: the samples of each class, shuffled beforehand where the choice is to be random; at least
    ///     as many as the table gives away.
    ///   - samples: number of samples of the data set.
    /// - Returns: `[samples]`.
    /// - Complexity: O(samples + clients · classes).
    func owners(of members: [[UInt32]], samples: Int) -> [UInt32] {
        var owners = [UInt32](repeating: Partition.nobody, count: samples)
        for label in 0..<classes {
            var next = 0
            for client in 0..<clients {
                for _ in 0..<self[client, label] {
                    owners[Int(members[label][next])] = UInt32(client)
                    next += 1
                }
            }
        }
        return owners
    }

    /// The samples of each class, in ascending order: `[classes]` lists.
    ///
    /// - Complexity: O(samples + classes).
    static func members(labels: [Int32], classes: Int) -> [[UInt32]] {
        var members = [[UInt32]](repeating: [], count: classes)
        for sample in labels.indices { members[Int(labels[sample])].append(UInt32(sample)) }
        return members
    }

    /// The class of which a client has the most samples, the lowest of equals. O(classes).
    private func mostNumerousClass(of client: Int) -> Int {
        var best = 0
        for label in 1..<max(classes, 1) where self[client, label] > self[client, best] { best = label }
        return best
    }
}

/// A binary heap of indices, the one with the largest value on top, the lower index first among equals, so that
/// the order never depends on the heap's history.
private struct LargestFirst {
    private var heap: [(value: Int, index: Int)]

    /// Creates a heap of all indices. O(n log n).
    init(_ values: [Int]) {
        heap = values.indices.map { (values[$0], $0) }
        heap.sort { Self.precedes($0, $1) }
    }

    /// The index with the largest value.
    var largest: Int { heap[0].index }

    /// Lowers the largest value by 1 and restores the order. O(log n).
    mutating func decrementLargest() {
        heap[0].value -= 1
        var parent = 0
        while true {
            var child = 2 * parent + 1
            guard child < heap.count else { return }
            if child + 1 < heap.count, Self.precedes(heap[child + 1], heap[child]) { child += 1 }
            guard Self.precedes(heap[child], heap[parent]) else { return }
            heap.swapAt(parent, child)
            parent = child
        }
    }

    /// Whether `a` belongs above `b`.
    private static func precedes(_ a: (value: Int, index: Int), _ b: (value: Int, index: Int)) -> Bool {
        a.value != b.value ? a.value > b.value : a.index < b.index
    }
}
