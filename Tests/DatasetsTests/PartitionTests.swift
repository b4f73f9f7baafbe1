import Datasets
import Testing

@Suite struct PartitionTests {
    private let partition = Partition(owners: [1, 0, 1, 3, 1, 0], clients: 4)

    @Test func groupsSamplesByOwnerInAscendingOrder() {
        #expect((0..<4).map { Array(partition.samples(of: $0)) } == [[1, 5], [0, 2, 4], [], [3]])
        #expect((0..<4).map { partition.count(of: $0) } == [2, 3, 0, 1])
        #expect(partition.clients == 4)
        #expect(partition.sampleCount == 6)
    }

    @Test func countsClasses() {
        // Samples 0…5 are of the classes 2, 0, 2, 1, 0, 1.
        #expect(
            partition.classTable(labels: [2, 0, 2, 1, 0, 1], classes: 3)
                == [[1, 1, 0], [1, 0, 2], [0, 0, 0], [0, 1, 0]])
    }

    @Test func samplesOfNobodyAreLeftOut() {
        let partition = Partition(owners: [1, Partition.nobody, 0, Partition.nobody], clients: 3)
        #expect((0..<3).map { Array(partition.samples(of: $0)) } == [[2], [0], []])
        #expect(partition.sampleCount == 2)
        #expect(partition.classTable(labels: [0, 0, 1, 1], classes: 2) == [[0, 1], [1, 0], [0, 0]])
    }
}
