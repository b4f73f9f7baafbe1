/// Krum's scores: the sum of the squared distances from each row to its nearest others. A low score means that
/// many others agree.
///
/// Rows of equal score: the one whose next neighbor is nearer goes first, then the lower row. Two rows that are
/// each other's only neighbor always have equal scores, and the order of the clients should not decide.
struct KrumRanking {
    /// The others of each row, from near to far; equally near ones in the order of the rows.
    private let neighbors: [[(row: Int, distance: Double)]]

    /// A score as it is compared: sum, distance to the next neighbor, row.
    private typealias Score = (sum: Double, next: Double, row: Int)

    /// Sorts the others of each row by distance. O(count² log count).
    init(_ distances: PairwiseDistances) {
        neighbors = (0..<distances.count).map { row in
            (0..<distances.count).filter { $0 != row }
                .map { (row: $0, distance: distances[row, $0]) }
                .sorted { ($0.distance, $0.row) < ($1.distance, $1.row) }
        }
    }

    /// The rows with the lowest scores among all, the lowest first.
    ///
    /// - Parameters:
    ///   - count: number of rows wanted.
    ///   - attackers: f; a score sums the distances to the count − f − 2 nearest others.
    /// - Complexity: O(rows²).
    func best(_ count: Int, attackers: Int) -> [Int] {
        let everyone = [Bool](repeating: true, count: neighbors.count)
        let scores = neighbors.indices.map { score(of: $0, among: everyone, neighbors.count - attackers - 2) }
        return scores.sorted { $0 < $1 }.prefix(count).map { $0.row }
    }

    /// The row with the lowest score among those left, again and again, as Bulyan chooses; ascending. Scores
    /// are found anew after each choice, from at least one neighbor.
    ///
    /// - Complexity: O(count · rows²).
    func chooseOneByOne(_ count: Int, attackers: Int) -> [Int] {
        var isLeft = [Bool](repeating: true, count: neighbors.count)
        for taken in 0..<count {
            let nearest = max(1, neighbors.count - taken - attackers - 2)
            let scores = neighbors.indices.filter { isLeft[$0] }.map { score(of: $0, among: isLeft, nearest) }
            guard let best = scores.min(by: { $0 < $1 }) else { break }
            isLeft[best.row] = false
        }
        return isLeft.indices.filter { !isLeft[$0] }
    }

    /// The sum of the distances to the nearest of those that are left, and the distance to the next.
    private func score(of row: Int, among isLeft: [Bool], _ count: Int) -> Score {
        var score: Score = (0, .infinity, row)
        var remaining = count
        for neighbor in neighbors[row] where isLeft[neighbor.row] {
            guard remaining > 0 else {
                score.next = neighbor.distance
                break
            }
            score.sum += neighbor.distance
            remaining -= 1
        }
        return score
    }
}
