import Aggregation
import FedCore

// What edges do with the updates of a turn, some of which the server does, too.
extension RoundTally {
    /// Has colluding attackers forge their updates.
    func forge(_ attack: (any Attack)?, by attackers: Set<Int>) {
        attack?.collusion?.forge(
            rows: updates.clients.indices.filter { attackers.contains(updates.clients[$0]) }, of: &updates)
    }

    /// Adds kept rows to the exact sum, for a rule that is the mean: the same bits as if they had never been kept
    /// apart.
    func addRows() {
        sum = terms.emptySum()
        for (row, client) in updates.clients.enumerated() {
            let update = updates.row(row) + (terms.shape.isScaled ? [0] : [])
            do throws(ExactSum.Refusal) {
                try sum.add(update.span, weight: updates.weights[row])
            } catch {
                results.removeAll { $0.client == client }
                reject(client, because: error)
            }
        }
    }

    /// The sum of what has come, with the rows that were kept. Nothing but ``reset()`` can follow.
    /// - Parameters:
    ///   - attack: the run's attack; colluders forge their updates here.
    ///   - attackers: numbers of the clients that collude.
    /// - Complexity: O(rows · parameters).
    func takeSum(under attack: (any Attack)?, by attackers: Set<Int>) -> UpdateSum {
        if keepsUpdates {
            forge(attack, by: attackers)
            addRows()
        }
        return sum
    }

    /// The turn's mean, or what a rule makes of it; nil when there is none.
    /// - Parameters:
    ///   - rule: a rule that remembers nothing.
    ///   - attack: the run's attack; colluders forge their updates here.
    ///   - attackers: numbers of the clients that collude.
    /// - Returns: `[terms.shape.averaged]`; nil with fewer updates than the rule needs, or no weight.
    func mean(by rule: any RobustAggregation, under attack: (any Attack)?, by attackers: Set<Int>) -> [Float]? {
        var (rule, result): (any RobustAggregation, [Float]?) = (rule, nil)
        let none: [Float] = []
        aggregate(by: &rule, trusting: none.span, under: attack, by: attackers) { mean in
            result = mean.span.array()
        }
        return result
    }

    /// Looks at each update that was kept.
    /// - Returns: what `body` says of each, by client.
    func map<Value>(_ body: (Span<Float>) throws -> Value) rethrows -> [(client: Int, value: Value)] {
        try updates.clients.indices.map { row in
            let update = updates.row(row)
            return (updates.clients[row], try body(update.span))
        }
    }

    /// Leaves updates out that were kept.
    /// - Parameters:
    ///   - clients: whose they are.
    ///   - status: the reason, which the edge reports.
    func leaveOut(_ clients: [Int], as status: UpdateStatus) {
        for client in clients {
            updates.remove(client: client)
            results.removeAll { $0.client == client }
            leftOut.append((client, status))
        }
    }

    /// Leaves out all that has come.
    func leaveOutAll(as status: UpdateStatus) {
        leftOut += results.map { ($0.client, status) }
        results.removeAll()
    }
}
