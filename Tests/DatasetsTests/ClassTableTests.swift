import Testing

@testable import Datasets

@Suite struct ClassTableTests {
    @Test func movesFromTheLargestClientsMostNumerousClass() {
        var table = ClassTable(clients: 3, classes: 2)
        table.fill(0, [5, 0, 1])
        table.fill(1, [2, 3, 0])
        // Sizes 7, 3, 1. Client 2 needs two more: 7 → 6 → 5, each time client 0's class 0 (5, then 4 against 2).
        table.raise(toAtLeast: 3)
        #expect((0..<3).map { client in [table[client, 0], table[client, 1]] } == [[3, 2], [0, 3], [3, 0]])
    }

    @Test func takesTurnsAmongEqualsAndPrefersTheLowerIndex() {
        var table = ClassTable(clients: 4, classes: 1)
        table.fill(0, [4, 0, 4, 0])
        table.raise(toAtLeast: 1)
        // From client 0 for client 1, then from client 2, which is the largest by then, for client 3.
        #expect((0..<4).map { table[$0, 0] } == [3, 1, 3, 1])
    }

    @Test func changesNothingWhenAllHaveEnough() {
        var table = ClassTable(clients: 2, classes: 2)
        table.fill(0, [3, 1])
        table.fill(1, [0, 2])
        table.raise(toAtLeast: 3)
        #expect((0..<2).map { client in [table[client, 0], table[client, 1]] } == [[3, 0], [1, 2]])
    }
}
