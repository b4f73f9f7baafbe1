/// Picks from very many things as many as somebody looks at, evenly spread, the first and the last among them.
struct Thinned {
    /// Places of those that are picked, in order, without repetition.
    let indices: [Int]
    /// Whether all of them are.
    let isWhole: Bool

    /// Picks.
    ///
    /// - Parameters:
    ///   - count: how many there are.
    ///   - most: how many to pick at most.
    /// - Precondition: `most` is at least 2, or there are no more than `most`.
    init(_ count: Int, to most: Int) {
        isWhole = count <= most
        indices = isWhole ? Array(0..<count) : (0..<most).map { $0 * (count - 1) / (most - 1) }
    }
}
