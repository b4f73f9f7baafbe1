public import FedCore

/// The updates of one round, a row each: `[count, dimension]`.
///
/// Rows are filled as updates arrive and numbered by client: the order of arrival shows nowhere. A matrix is made once for
/// a run; it takes `4 · count · dimension` bytes for the largest round so far and keeps them.
public struct UpdateMatrix: Sendable {
    /// Elements of a row.
    public let dimension: Int
    /// The clients, a row each: ascending; of a client with several updates, in the order of arrival.
    public private(set) var clients: [Int] = []
    /// The rows' weights (sample counts), above 0.
    public private(set) var weights: [Double] = []
    private var rows: [[Float]] = []
    /// Memory of rows that were taken out.
    private var spare: [[Float]] = []

    /// A matrix without rows.
    public init(dimension: Int) {
        precondition(dimension >= 0, "rows of \(dimension) elements")
        self.dimension = dimension
    }

    /// The number of rows.
    public var count: Int { rows.count }

    /// Takes all rows out, keeping the memory.
    public mutating func reset() {
        spare += rows
        rows.removeAll(keepingCapacity: true)
        clients.removeAll(keepingCapacity: true)
        weights.removeAll(keepingCapacity: true)
    }

    /// Adds a row. O(dimension).
    /// - Parameters:
    ///   - weight: the client's sample count. A client that has seen nothing has no vote: weight 0 is refused.
    /// - Throws: `ExactSum.Refusal`, as the weighted mean's sum does, when the update has another length, its weight is not
    ///   a positive number, or an element is not finite. There is no row then.
    public mutating func append(client: Int, weight: Double, _ update: Span<Float>) throws(ExactSum.Refusal) {
        guard update.count == dimension else { throw .wrongLength(expected: dimension, actual: update.count) }
        try append(client: client, weight: weight) { (row) throws(ExactSum.Refusal) in
            for i in 0..<update.count { row[unchecked: i] = update[unchecked: i] }
        }
    }

    /// Adds a row that is written in place, e.g. by a decoder. O(dimension).
    /// - Parameters:
    ///   - weight: as above.
    ///   - write: is given a row of unspecified contents.
    /// - Throws: `ExactSum.Refusal` as above, or what `write` throws. There is no row then.
    public mutating func append(
        client: Int, weight: Double, write: (inout MutableSpan<Float>) throws(ExactSum.Refusal) -> Void
    ) throws(ExactSum.Refusal) {
        guard weight > 0, weight.isFinite else { throw .badWeight(weight) }
        var row = spare.popLast() ?? [Float](repeating: 0, count: dimension)
        do throws(ExactSum.Refusal) {
            var elements = row.mutableSpan
            try write(&elements)
            if let index = elements.span.firstNonFinite { throw .notFinite(index: index) }
        } catch {
            spare.append(row)
            throw error
        }
        let position = clients.firstIndex { $0 > client } ?? clients.endIndex
        clients.insert(client, at: position)
        weights.insert(weight, at: position)
        rows.insert(row, at: position)
    }

    /// Takes a client's rows out.
    public mutating func remove(client: Int) {
        for index in clients.indices.reversed() where clients[index] == client {
            clients.remove(at: index)
            weights.remove(at: index)
            spare.append(rows.remove(at: index))
        }
    }

    /// The elements of a row, `[dimension]`; nothing is copied.
    public func row(_ index: Int) -> [Float] { rows[index] }

    /// Gives the elements of a row to `change`. They must be finite afterwards.
    public mutating func changeRow(_ index: Int, _ change: (inout MutableSpan<Float>) -> Void) {
        var row = rows[index].mutableSpan
        change(&row)
    }
}
