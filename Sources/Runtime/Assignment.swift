/// Which rank trains which client in a round. It crosses in the frame, and every rank derives the parts of the
/// collectives from it.
public struct Assignment: Sendable, Equatable {
    /// The clients of each worker, in the order it trains them; worker `w` is rank `w + 1`.
    public let clientsOfWorker: [[Int]]

    /// Deals clients out longest first: by falling cost, each to the worker with the least so far, so that workers
    /// finish together. Where a client runs does not change its result.
    ///
    /// R. L. Graham, *Bounds on Multiprocessing Timing Anomalies*, SIAM J. Appl. Math. 17(2), 1969: at most 4/3 of the
    /// best makespan.
    ///
    /// - Parameters:
    ///   - cohort: clients of the round.
    ///   - workers: number of workers, ≥ 1.
    ///   - cost: what a client's work is expected to cost, relative to others'.
    /// - Complexity: O(cohort · (log cohort + log workers)).
    public init(cohort: [Int], workers: Int, cost: (Int) -> Int) {
        precondition(workers >= 1)
        var clients = [[Int]](repeating: [], count: workers)
        var queue = LightestFirst(workers: workers)
        let ordered = cohort.map { (client: $0, cost: cost($0)) }
            .sorted { ($1.cost, $0.client) < ($0.cost, $1.client) }
        for (client, cost) in ordered {
            clients[queue.lightest].append(client)
            queue.addToLightest(cost)
        }
        clientsOfWorker = clients
    }

    /// Takes an assignment as it was made elsewhere.
    package init(clientsOfWorker: [[Int]]) {
        self.clientsOfWorker = clientsOfWorker
    }

    /// Clients of all workers together.
    public var cohortSize: Int { clientsOfWorker.reduce(0) { $0 + $1.count } }
}

/// A binary heap of workers, the one with the least load on top, the lower number first among equals.
private struct LightestFirst {
    private var heap: [(load: Int, worker: Int)]

    /// Takes workers without a load.
    init(workers: Int) { heap = (0..<workers).map { (0, $0) } }

    /// The worker on top.
    var lightest: Int { heap[0].worker }

    /// Adds to the load of the worker on top, and restores the order. O(log workers).
    ///
    /// - Parameter cost: ≥ 0.
    mutating func addToLightest(_ cost: Int) {
        heap[0].load += cost
        var parent = 0
        while true {
            var child = 2 * parent + 1
            guard child < heap.count else { return }
            if child + 1 < heap.count, heap[child + 1] < heap[child] { child += 1 }
            guard heap[child] < heap[parent] else { return }
            heap.swapAt(parent, child)
            parent = child
        }
    }
}
