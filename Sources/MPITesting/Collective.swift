import MPI

/// A collective transfer with the arguments of all ranks at hand.
struct Collective {
    private let transfers: [Transfer]

    /// - Parameter parts: of every rank, all with the same function.
    init(_ parts: [Int: Meeting.Part]) {
        transfers = parts.sorted { $0.key < $1.key }.compactMap { _, part in
            if case .transfer(let transfer) = part { transfer } else { nil }
        }
    }

    func run() throws(Mismatch) {
        try checkEqual("root", transfers.map(\.root))
        switch transfers[0] {
        case .barrier, .send, .receive:
            break
        case .broadcast(_, let root):
            try checkEqual("type", sent.map(\.datatype))
            try checkEqual("count", sent.map(\.count))
            for region in sent { region.copyIfOther(sent[root]) }
        case .gather(_, _, let root):
            try checkEqual("count", sent.map(\.count))
            try gather(counts: sent.map(\.count), root: root)
        case .gatherv(_, _, _, let root):
            guard case .gatherv(_, _, let counts, _) = transfers[root] else { return }
            if counts != sent.map(\.count) {
                throw Mismatch("gatherv: the root expects \(counts) elements, the ranks send \(sent.map(\.count))")
            }
            try gather(counts: counts, root: root)
        case .scatter(_, _, let root):
            try checkEqual("type", sent.map(\.datatype))
            try checkEqual("count", received.map(\.count))
            for (rank, part) in received.enumerated() {
                part.copy(from: sent[root].slice(rank * part.count, count: part.count))
            }
        case .reduce(_, let operation, let root):
            try checkEqual("type", sent.map(\.datatype))
            try checkEqual("count", sent.map(\.count))
            try checkEqual("operation", transfers.map(\.operation))
            sent[root].reduce(sent, operation)
        case .allReduce(_, let operation):
            try checkEqual("type", sent.map(\.datatype))
            try checkEqual("count", sent.map(\.count))
            try checkEqual("operation", transfers.map(\.operation))
            sent[0].reduce(sent, operation)
            for region in sent { region.copyIfOther(sent[0]) }
        }
    }

    private var sent: [MemoryRegion] { transfers.compactMap(\.region) }
    private var received: [MemoryRegion] { transfers.compactMap(\.target) }

    private func gather(counts: [Int], root: Int) throws(Mismatch) {
        try checkEqual("type", sent.map(\.datatype))
        var start = 0
        for (rank, count) in counts.enumerated() {
            received[root].slice(start, count: count).copy(from: sent[rank])
            start += count
        }
    }

    private func checkEqual<T: Equatable>(_ what: String, _ values: [T]) throws(Mismatch) {
        guard let other = values.firstIndex(where: { $0 != values[0] }) else { return }
        throw Mismatch(
            "\(transfers[0].function): the \(what) is \(values[0]) on rank 0 and \(values[other]) on rank \(other)")
    }
}

extension Transfer {
    /// The C function of the blocking call.
    var function: String {
        switch self {
        case .barrier: "MPI_Barrier"
        case .broadcast: "MPI_Bcast"
        case .gather: "MPI_Gather"
        case .gatherv: "MPI_Gatherv"
        case .scatter: "MPI_Scatter"
        case .reduce: "MPI_Reduce"
        case .allReduce: "MPI_Allreduce"
        case .send: "MPI_Send"
        case .receive: "MPI_Recv"
        }
    }

    var root: Int? {
        switch self {
        case .broadcast(_, let root), .gather(_, _, let root), .gatherv(_, _, _, let root),
            .scatter(_, _, let root), .reduce(_, _, let root):
            root
        case .barrier, .allReduce, .send, .receive: nil
        }
    }

    var operation: ReduceOperation? {
        switch self {
        case .reduce(_, let operation, _), .allReduce(_, let operation): operation
        default: nil
        }
    }

    /// The only or the first region.
    var region: MemoryRegion? {
        switch self {
        case .broadcast(let region, _), .gather(let region, _, _), .gatherv(let region, _, _, _),
            .scatter(let region, _, _), .reduce(let region, _, _), .allReduce(let region, _),
            .send(let region, _, _), .receive(let region, _, _):
            region
        case .barrier: nil
        }
    }

    /// The second region.
    var target: MemoryRegion? {
        switch self {
        case .gather(_, let target, _), .gatherv(_, let target, _, _), .scatter(_, let target, _): target
        default: nil
        }
    }
}

extension MemoryRegion {
    func copyIfOther(_ source: MemoryRegion) {
        if base != source.base { copy(from: source) }
    }

    /// Makes these elements the combination of all regions' elements, in their order.
    func reduce(_ regions: [MemoryRegion], _ operation: ReduceOperation) {
        switch datatype {
        case .float: reduce(regions, floating(Float.self, operation))
        case .double: reduce(regions, floating(Double.self, operation))
        case .int32: reduce(regions, integer(Int32.self, operation))
        case .int64: reduce(regions, integer(Int64.self, operation))
        case .uint8: reduce(regions, integer(UInt8.self, operation))
        case .uint32: reduce(regions, integer(UInt32.self, operation))
        case .uint64: reduce(regions, integer(UInt64.self, operation))
        }
    }

    private func reduce<T: MPIScalar>(_ regions: [MemoryRegion], _ combine: (T, T) -> T) {
        let columns = regions.map { UnsafeMutableBufferPointer(start: $0.elements(of: T.self), count: $0.count) }
        let result = UnsafeMutableBufferPointer(start: elements(of: T.self), count: count)
        for i in 0..<count {
            result[i] = columns.dropFirst().reduce(columns[0][i]) { combine($0, $1[i]) }
        }
    }

    private func elements<T: MPIScalar>(of type: T.Type) -> UnsafeMutablePointer<T>? {
        base?.assumingMemoryBound(to: T.self)
    }
}

private func floating<T: FloatingPoint>(_ type: T.Type, _ operation: ReduceOperation) -> (T, T) -> T {
    switch operation {
    case .sum: (+)
    case .product: (*)
    case .minimum: T.minimum
    case .maximum: T.maximum
    }
}

private func integer<T: FixedWidthInteger>(_ type: T.Type, _ operation: ReduceOperation) -> (T, T) -> T {
    switch operation {
    case .sum: (&+)
    case .product: (&*)
    case .minimum: { Swift.min($0, $1) }
    case .maximum: { Swift.max($0, $1) }
    }
}
