import FedCore

/// Draws each round's cohort uniformly without replacement.
public struct ClientSelection: Sendable {
    let clients: Int
    let cohortSize: Int
    let seed: UInt64

    public init(clients: Int, cohortSize: Int, seed: UInt64) {
        precondition(cohortSize >= 1 && cohortSize <= clients)
        self.clients = clients
        self.cohortSize = cohortSize
        self.seed = seed
    }

    /// The cohort of a round, ascending; another one for each attempt. O(clients).
    public func cohort(round: Int, attempt: Int = 0) -> [Int] {
        guard cohortSize < clients else { return Array(0..<clients) }
        var random = RandomStream(seed: seed, .selection, round: round, salt: attempt)
        var pool = Array(0..<clients)
        for i in 0..<cohortSize {
            pool.swapAt(i, i + random.integer(below: clients - i))
        }
        return pool[..<cohortSize].sorted()
    }
}
