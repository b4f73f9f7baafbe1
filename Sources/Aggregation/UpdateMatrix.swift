public import FedCore

/// The updates of one round, a row each: `[count, dimension]`.
///
/// Rows are filled as updates arrive and are ordered by client, so the order of arrival shows nowhere. The
/// server makes one matrix for a run and calls ``reset()`` before each round; it takes `4 · count · dimension`
/// bytes for the largest round so far and keeps them, so that later rounds allocate nothing.
///
/// Every element is finite, and every weight is above 0: ``append(client:weight:_:)`` refuses others.
public struct UpdateMatrix: Sendable {
    /// Number of elements of a row.
    public let dimension: Int
    /// Number of each row's client, ascending; a client with several updates has its rows in the order of
    /// arrival.
    public private(set) var clients: [Int] = []
    /// Weight of each row, > 0: the client's sample count, unless the strategy weighs otherwise.
    public private(set) var weights: [Double] = []
    private var rows: [[Float]] = []
    /// Rows that were removed, kept for their memory.
    private var spare: [[Float]] = []

    /// Creates a matrix without rows.
    public init(dimension: Int) {
        precondition(dimension >= 0, "rows of \(dimension) elements")
        self.dimension = dimension
    }

    /// Number of rows.
    public var count: Int { rows.count }

    /// Removes all rows, keeping their memory. O(count).
    public mutating func reset() {
        spare += rows
        rows.removeAll(keepingCapacity: true)
        clients.removeAll(keepingCapacity: true)
        weights.removeAll(keepingCapacity: true)
    }

    /// Adds a row.
    ///
    /// - Parameters:
    ///   - client: the client's number.
    ///   - weight: the row's weight. A client that has seen nothing has no vote: weight 0 is refused.
    ///   - update: the elements, `[dimension]`, which are copied.
    /// - Throws: `ExactSum.Refusal`, as the weighted mean's sum does, when the update has another length, its
    ///   weight is not a positive finite number, or an element is NaN or infinite. No row is added then.
    /// - Complexity: O(dimension + count).
    public mutating func append(client: Int, weight: Double, _ update: Span<Float>) throws(ExactSum.Refusal) {
        guard update.count == dimension else { throw .wrongLength(expected: dimension, actual: update.count) }
        try append(client: client, weight: weight) { (row) throws(ExactSum.Refusal) in
            for i in 0..<update.count { row[unchecked: i] = update[unchecked: i] }
        }
    }

    /// Adds a row that is written in place, e.g. by a decoder, which saves a copy.
    ///
    /// - Parameters:
    ///   - client: the client's number.
    ///   - weight: the row's weight, > 0 and finite.
    ///   - write: fills a row of unspecified contents, `[dimension]`.
    /// - Throws: `ExactSum.Refusal` for a bad weight or an element that is NaN or infinite, or whatever `write`
    ///   throws. No row is added then.
    /// - Complexity: O(dimension + count).
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

    /// Removes a client's rows, keeping their memory. O(count).
    public mutating func remove(client: Int) {
        for index in clients.indices.reversed() where clients[index] == client {
            clients.remove(at: index)
            weights.remove(at: index)
            spare.append(rows.remove(at: index))
        }
    }

    /// Elements of a row, `[dimension]`; nothing is copied.
    public func row(_ index: Int) -> [Float] { rows[index] }

    /// Changes a row in place.
    ///
    /// - Parameters:
    ///   - index: the row, in 0 ..< count.
    ///   - change: changes the elements, which must be finite afterwards.
    public mutating func changeRow(_ index: Int, _ change: (inout MutableSpan<Float>) -> Void) {
        var row = rows[index].mutableSpan
        change(&row)
    }
}
