import MPI

/// A collective transfer with the arguments of all ranks at hand.
///
/// The last rank to come carries it out for everybody, under the fabric's lock, while the others' memory is
/// held in place by their blocked calls or requests. So a collective is plain sequential code over all regions,
/// and what each rank was told can be compared with what the others were.
struct Collective {
    /// Each rank's call, in rank order.
    private let transfers: [Transfer]

    /// Takes the calls out of a meeting.
    ///
    /// - Parameter parts: each rank's part; all are transfers of the same function.
    init(_ parts: [Int: Meeting.Part]) {
        transfers = parts.sorted { $0.key < $1.key }.compactMap { _, part in
            if case .transfer(let transfer) = part { transfer } else { nil }
        }
    }

    /// Checks that the calls fit together, then moves the data.
    ///
    /// - Throws: ``Mismatch``, in words that name the function, the argument, and two ranks with their values;
    ///   nothing is moved then.
    /// - Complexity: O(bytes moved); a reduction O(ranks × elements).
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

    /// The first region of each rank's call, in rank order; it is read, and in place also written.
    private var sent: [MemoryRegion] { transfers.compactMap(\.region) }
    /// The second region of each rank's call, in rank order.
    private var received: [MemoryRegion] { transfers.compactMap(\.target) }

    /// Puts the ranks' parts one behind another into the root's region.
    ///
    /// - Parameters:
    ///   - counts: the length of each part in elements, in rank order.
    ///   - root: the rank whose second region is written; the others' are ignored.
    private func gather(counts: [Int], root: Int) throws(Mismatch) {
        try checkEqual("type", sent.map(\.datatype))
        var start = 0
        for (rank, count) in counts.enumerated() {
            received[root].slice(start, count: count).copy(from: sent[rank])
            start += count
        }
    }

    /// Checks that all ranks gave the same value.
    ///
    /// - Parameters:
    ///   - what: the name of the argument, for the message.
    ///   - values: each rank's value, in rank order.
    private func checkEqual<T: Equatable>(_ what: String, _ values: [T]) throws(Mismatch) {
        guard let other = values.firstIndex(where: { $0 != values[0] }) else { return }
        throw Mismatch(
            "\(transfers[0].function): the \(what) is \(values[0]) on rank 0 and \(values[other]) on rank \(other)")
    }
}

/// The parts of a call that errors and checks speak of.
extension Transfer {
    /// The C function of the blocking call, for errors; the non-blocking form has the same name here.
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

    /// The root; nil for transfers without one.
    var root: Int? {
        switch self {
        case .broadcast(_, let root), .gather(_, _, let root), .gatherv(_, _, _, let root),
            .scatter(_, _, let root), .reduce(_, _, let root):
            root
        case .barrier, .allReduce, .send, .receive: nil
        }
    }

    /// The operation of a reduction; nil for other transfers.
    var operation: ReduceOperation? {
        switch self {
        case .reduce(_, let operation, _), .allReduce(_, let operation): operation
        default: nil
        }
    }

    /// The only or the first region; nil for a barrier.
    var region: MemoryRegion? {
        switch self {
        case .broadcast(let region, _), .gather(let region, _, _), .gatherv(let region, _, _, _),
            .scatter(let region, _, _), .reduce(let region, _, _), .allReduce(let region, _),
            .send(let region, _, _), .receive(let region, _, _):
            region
        case .barrier: nil
        }
    }

    /// The second region, named `into`; nil for transfers with one region.
    var target: MemoryRegion? {
        switch self {
        case .gather(_, let target, _), .gatherv(_, let target, _, _), .scatter(_, let target, _): target
        default: nil
        }
    }
}

/// The work of a collective on the ranks' memory.
extension MemoryRegion {
    /// Copies a region into this one, unless it is the same memory.
    func copyIfOther(_ source: MemoryRegion) {
        if base != source.base { copy(from: source) }
    }

    /// Makes these elements the combination of all regions' elements.
    ///
    /// Operands are combined from rank 0 up, so that sums of floats are the same bits in every run of a test;
    /// an MPI library may use another order (MPI 3.1 §5.9.1), which no test should depend on.
    ///
    /// - Parameters:
    ///   - regions: the operands in rank order, all of this region's type and length; this region is one of them.
    ///   - operation: how two elements are combined.
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

    /// Combines element by element. The result may be one of the regions: an element is written after all have
    /// been read.
    ///
    /// - Parameters:
    ///   - regions: the operands in rank order, as long as this region.
    ///   - combine: the operation on two elements.
    private func reduce<T: MPIScalar>(_ regions: [MemoryRegion], _ combine: (T, T) -> T) {
        let columns = regions.map { UnsafeMutableBufferPointer(start: $0.elements(of: T.self), count: $0.count) }
        let result = UnsafeMutableBufferPointer(start: elements(of: T.self), count: count)
        for i in 0..<count {
            result[i] = columns.dropFirst().reduce(columns[0][i]) { combine($0, $1[i]) }
        }
    }

    /// The region's address as elements of a type; nil for an empty region.
    private func elements<T: MPIScalar>(of type: T.Type) -> UnsafeMutablePointer<T>? {
        base?.assumingMemoryBound(to: T.self)
    }
}

/// An operation on floats. NaN loses against a number in minimum and maximum, which MPI leaves open.
private func floating<T: FloatingPoint>(_ type: T.Type, _ operation: ReduceOperation) -> (T, T) -> T {
    switch operation {
    case .sum: (+)
    case .product: (*)
    case .minimum: T.minimum
    case .maximum: T.maximum
    }
}

/// An operation on integers. Sums and products wrap around, as they do in C for unsigned types.
private func integer<T: FixedWidthInteger>(_ type: T.Type, _ operation: ReduceOperation) -> (T, T) -> T {
    switch operation {
    case .sum: (&+)
    case .product: (&*)
    case .minimum: { Swift.min($0, $1) }
    case .maximum: { Swift.max($0, $1) }
    }
}
