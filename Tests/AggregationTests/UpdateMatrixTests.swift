import Aggregation
import FedCore
import Testing

@Suite struct UpdateMatrixTests {
    @Test func rowsAreInTheOrderOfClientsWhateverTheOrderOfArrival() throws {
        var updates = UpdateMatrix(dimension: 2)
        for client in [7, 2, 9, 0] {
            try updates.append(client: client, weight: Double(client + 1), [Float(client), -1] as [Float])
        }
        #expect(updates.clients == [0, 2, 7, 9])
        #expect(updates.weights == [1, 3, 8, 10])
        #expect((0..<4).map { updates.row($0) } == [[0, -1], [2, -1], [7, -1], [9, -1]])
    }

    @Test func twoUpdatesOfOneClientStayInTheOrderOfArrival() throws {
        var updates = UpdateMatrix(dimension: 1)
        for (client, value) in [(1, 10), (0, 5), (1, 20)] as [(Int, Float)] {
            try updates.append(client: client, weight: 1, [value])
        }
        #expect((0..<3).map { updates.row($0) } == [[5], [10], [20]])
    }

    @Test func aRefusedUpdateLeavesNoRow() throws {
        var updates = try UpdateMatrix([[1, 2]])
        for (bad, index) in [(Float.nan, 0), (.infinity, 1), (-.infinity, 0), (-.nan, 1)] {
            var row: [Float] = [3, 4]
            row[index] = bad
            #expect(throws: ExactSum.Refusal.notFinite(index: index)) {
                try updates.append(client: 1, weight: 1, row)
            }
        }
        #expect(throws: ExactSum.Refusal.wrongLength(expected: 2, actual: 1)) {
            try updates.append(client: 1, weight: 1, [Float(3)])
        }
        for weight in [0, -1, .infinity] {
            #expect(throws: ExactSum.Refusal.badWeight(weight)) {
                try updates.append(client: 1, weight: weight, [Float(3), 4])
            }
        }
        #expect(updates.clients == [0])
        try updates.append(client: 1, weight: 1, [Float(3), 4])
        #expect(updates.row(1) == [3, 4])
    }

    @Test func anErrorOfTheWriterLeavesNoRow() throws {
        var updates = UpdateMatrix(dimension: 1)
        #expect(throws: ExactSum.Refusal.overflow) {
            try updates.append(client: 0, weight: 1) { _ throws(ExactSum.Refusal) in throw .overflow }
        }
        #expect(updates.count == 0)
    }

    @Test func isEmptyAfterResetAndFillsAgain() throws {
        var updates = try UpdateMatrix([[1], [2], [3]])
        updates.reset()
        #expect(updates.count == 0 && updates.clients.isEmpty && updates.weights.isEmpty)
        try updates.append(client: 4, weight: 2, [Float(9)])
        #expect(updates.row(0) == [9])
    }

    @Test func aRowCanBeChanged() throws {
        var updates = try UpdateMatrix([[1], [2]])
        updates.changeRow(1) { $0[0] = 5 }
        #expect(updates.row(0) == [1] && updates.row(1) == [5])
    }
}
