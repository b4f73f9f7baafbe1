/// How many samples of each class each client is to get.
struct ClassTable {
    let clients: Int
    let classes: Int
    // [clients, classes]
    private var counts: [Int32]
    private var sizes: [Int]

    init(clients: Int, classes: Int) {
        self.clients = clients
        self.classes = classes
        counts = [Int32](repeating: 0, count: clients * classes)
        sizes = [Int](repeating: 0, count: clients)
    }

    subscript(client: Int, label: Int) -> Int { Int(counts[client * classes + label]) }

    /// Gives each client its share of a class.
    mutating func fill(_ label: Int, _ shares: [Int]) {
        for client in 0..<clients { add(shares[client], of: label, to: client) }
    }

    /// Gives a client samples of a class.
    mutating func add(_ count: Int, of label: Int, to client: Int) {
        counts[client * classes + label] += Int32(count)
        sizes[client] += count
    }

    /// Moves samples, one at a time, from the client that is then the largest to each that has fewer than `minimum`;
    /// each time one of the giver's most numerous class. Totals of the classes do not change. With m moves
    /// O(clients + m (log clients + classes)).
    ///
    /// - Precondition: `minimum · clients` ≤ all samples.
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

    /// The client of each sample: each class's samples go to the clients one after the other, in both their orders, and
    /// what is left to nobody. O(samples + clients · classes).
    /// - Parameters:
    ///   - members: the samples of each class.
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

    /// The samples of each class, in ascending order. O(samples + classes).
    static func members(labels: [Int32], classes: Int) -> [[UInt32]] {
        var members = [[UInt32]](repeating: [], count: classes)
        for sample in labels.indices { members[Int(labels[sample])].append(UInt32(sample)) }
        return members
    }

    private func mostNumerousClass(of client: Int) -> Int {
        var best = 0
        for label in 1..<max(classes, 1) where self[client, label] > self[client, best] { best = label }
        return best
    }
}

/// A binary heap of indices, the one with the largest value on top, the lower index first among equals.
private struct LargestFirst {
    private var heap: [(value: Int, index: Int)]

    init(_ values: [Int]) {
        heap = values.indices.map { (values[$0], $0) }
        heap.sort { Self.precedes($0, $1) }
    }

    var largest: Int { heap[0].index }

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

    private static func precedes(_ a: (value: Int, index: Int), _ b: (value: Int, index: Int)) -> Bool {
        a.value != b.value ? a.value > b.value : a.index < b.index
    }
}
