/// Picks from very many things as many as somebody looks at, evenly spread, the first and the last among them.
struct Thinned {
    let indices: [Int]
    let isWhole: Bool

    init(_ count: Int, to most: Int) {
        isWhole = count <= most
        indices = isWhole ? Array(0..<count) : (0..<most).map { $0 * (count - 1) / (most - 1) }
    }
}
