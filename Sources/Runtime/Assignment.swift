/// Which rank trains which client this round.
public struct Assignment: Sendable, Equatable {
    /// The clients of each worker, in the order it trains them.
    public let clientsOfWorker: [[Int]]

    /// Longest first: the clients by falling cost, each to the worker with the least so far, so that workers finish
    /// together. Where a client runs does not change its result.
    ///
    /// R. L. Graham, *Bounds on Multiprocessing Timing Anomalies*, SIAM J. Appl. Math. 17(2), 1969: at most 4/3 of the
    /// best makespan.
    public init(cohort: [Int], workers: Int, cost: (Int) -> Int) {
        precondition(workers >= 1)
        var clients = [[Int]](repeating: [], count: workers)
        var load = [Int](repeating: 0, count: workers)
        let ordered = cohort.map { (client: $0, cost: cost($0)) }
            .sorted { ($1.cost, $0.client) < ($0.cost, $1.client) }
        for (client, cost) in ordered {
            var lightest = 0
            for worker in 1..<max(workers, 1) where load[worker] < load[lightest] { lightest = worker }
            clients[lightest].append(client)
            load[lightest] += cost
        }
        clientsOfWorker = clients
    }

    package init(clientsOfWorker: [[Int]]) {
        self.clientsOfWorker = clientsOfWorker
    }

    public var cohortSize: Int { clientsOfWorker.reduce(0) { $0 + $1.count } }
}
