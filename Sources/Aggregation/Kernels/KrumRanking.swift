/// Krum's scores: how near the nearest others of each row are.
struct KrumRanking {
    /// Of each row, the others from near to far; of equals, in the order of the rows.
    private let neighbors: [[(row: Int, distance: Double)]]

    /// O(count² log count).
    init(_ distances: PairwiseDistances) {
        neighbors = (0..<distances.count).map { row in
            (0..<distances.count).filter { $0 != row }
                .map { (row: $0, distance: distances[row, $0]) }
                .sorted { ($0.distance, $0.row) < ($1.distance, $1.row) }
        }
    }

    /// The rows with the lowest scores among all, the lowest first.
    func best(_ count: Int, attackers: Int) -> [Int] {
        let everyone = [Bool](repeating: true, count: neighbors.count)
        let scores = neighbors.indices.map { score($0, among: everyone, neighbors.count - attackers - 2) }
        return Array(neighbors.indices.sorted { (scores[$0], $0) < (scores[$1], $1) }.prefix(count))
    }

    /// The row with the lowest score among those left, again and again; ascending. O(count² · rows).
    func chooseOneByOne(_ count: Int, attackers: Int) -> [Int] {
        var isLeft = [Bool](repeating: true, count: neighbors.count)
        for taken in 0..<count {
            let nearest = max(1, neighbors.count - taken - attackers - 2)
            var best: (score: Double, row: Int) = (.infinity, .max)
            for row in neighbors.indices where isLeft[row] {
                let candidate = (score: score(row, among: isLeft, nearest), row: row)
                if candidate < best { best = candidate }
            }
            isLeft[best.row] = false
        }
        return isLeft.indices.filter { !isLeft[$0] }
    }

    /// The sum of the distances to the nearest of those that are left.
    private func score(_ row: Int, among isLeft: [Bool], _ count: Int) -> Double {
        var sum = 0.0
        var remaining = count
        for neighbor in neighbors[row] where isLeft[neighbor.row] {
            guard remaining > 0 else { break }
            sum += neighbor.distance
            remaining -= 1
        }
        return sum
    }
}
