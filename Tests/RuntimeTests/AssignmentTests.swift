import Runtime
import Testing

@Suite struct AssignmentTests {
    @Test func `The longest clients are placed first, each on the least loaded worker`() {
        // By hand: 7→0, 6→1, 5→1 would be 11; least loaded is 1 with 6, so 5→1 (11), 4→0 (11), 3→0 (tie, lowest).
        let costs = [3, 7, 5, 6, 4]
        let assignment = Assignment(cohort: [0, 1, 2, 3, 4], workers: 2) { costs[$0] }
        #expect(assignment.clientsOfWorker == [[1, 4, 0], [3, 2]])
    }

    @Test func `Equal costs go round by client number`() {
        let assignment = Assignment(cohort: [4, 5, 6, 7, 8], workers: 3) { _ in 1 }
        #expect(assignment.clientsOfWorker == [[4, 7], [5, 8], [6]])
    }

    @Test func `Workers may stay without clients`() {
        let assignment = Assignment(cohort: [2], workers: 3) { _ in 1 }
        #expect(assignment.clientsOfWorker == [[2], [], []])
    }

    @Test func `Many workers get what a search through all of them would give`() {
        let costs = (0..<500).map { $0 * 7919 % 97 }
        var (clients, load) = ([[Int]](repeating: [], count: 37), [Int](repeating: 0, count: 37))
        for client in (0..<500).sorted(by: { (costs[$1], $0) < (costs[$0], $1) }) {
            let lightest = load.indices.min { (load[$0], $0) < (load[$1], $1) } ?? 0
            clients[lightest].append(client)
            load[lightest] += costs[client]
        }
        #expect(Assignment(cohort: Array(0..<500), workers: 37) { costs[$0] }.clientsOfWorker == clients)
    }
}
