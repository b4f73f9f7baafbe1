import Serving
import Testing

@Suite struct FleetTests {
    private func devices(_ names: String...) -> [DeviceDescription] { names.map { DeviceDescription(name: $0) } }

    private func ranks(_ fleet: Fleet, of ranks: Int) -> [[Int]] {
        fleet.devices.indices.map { fleet.ranks(for: $0, of: ranks) }
    }

    @Test func `Each rank from 1 serves as one device, and kinds repeat when there are more ranks`() {
        let fleet = Fleet(devices("a", "b"), ranks: 6)
        #expect(fleet.devices.map(\.name) == ["a", "b", "a-2", "b-2", "a-3"])
        #expect(ranks(fleet, of: 6).map(\.first) == [1, 2, 3, 4, 5])
    }

    @Test func `Fewer ranks than devices serve several in turn, and one process all of them`() {
        let fleet = Fleet(devices("a", "b", "c", "d", "e"), ranks: 3)
        #expect(ranks(fleet, of: 3) == [[1, 2], [2, 1], [1, 2], [2, 1], [1, 2]])
        #expect(ranks(Fleet(devices("a", "b"), ranks: 1), of: 1) == [[0], [0]])
    }

    @Test func `What a lost rank leaves is dealt out among all others`() {
        let fleet = Fleet(devices("a", "b", "c", "d", "e", "f", "g", "h", "i"), ranks: 4)
        // Rank 2 has b, e and h.
        #expect([1, 4, 7].map { fleet.ranks(for: $0, of: 4) } == [[2, 1, 3], [2, 3, 1], [2, 1, 3]])
        #expect(Fleet(devices("a"), ranks: 2).ranks(for: 0, of: 2) == [1])
    }
}
