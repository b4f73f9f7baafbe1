import MPI
import MPITesting
import Serving
import Synchronization
import Testing

@Suite struct FleetTests {
    private func devices(_ names: String...) -> [DeviceDescription] { names.map { DeviceDescription(name: $0) } }

    @Test func `Each rank from 1 serves as one device, and kinds repeat when there are more ranks`() {
        let fleet = Fleet(devices("a", "b"), ranks: 6)
        #expect(fleet.devices.map(\.name) == ["a", "b", "a-2", "b-2", "a-3"])
        #expect((0..<6).map { fleet.devices(ofRank: $0, of: 6) } == [[], [0], [1], [2], [3], [4]])
    }

    @Test func `Fewer ranks than devices serve several in turn, and one process all of them`() {
        let fleet = Fleet(devices("a", "b", "c", "d", "e"), ranks: 3)
        #expect((0..<3).map { fleet.devices(ofRank: $0, of: 3) } == [[], [0, 2, 4], [1, 3]])
        #expect(Fleet(devices("a", "b"), ranks: 1).devices(ofRank: 0, of: 1) == [0, 1])
    }

    @Test func `Values cross between ranks as they are`() throws {
        try ThreadRanks.run(3) { world in
            let text = try world.broadcast(json: world.rank == 1 ? ["ü", "b"] : nil, root: 1)
            #expect(text == ["ü", "b"])
            let all = try world.gather(json: String(repeating: "x", count: 1000 * world.rank), root: 0)
            #expect(all.map(\.count) == (world.rank == 0 ? [0, 1000, 2000] : []))
        }
    }

    @Test(arguments: [1, 2])
    func `Never do more ranks work at once than may`(atOnce: Int) throws {
        let working = Atomic(0)
        let most = Atomic(0)
        let turns = Atomic(0)
        try ThreadRanks.run(5) { world in
            try Turns(world, atOnce: atOnce).take {
                let now = working.add(1, ordering: .relaxed).newValue
                most.max(now, ordering: .relaxed)
                let begin = ContinuousClock.now
                while ContinuousClock.now - begin < .milliseconds(3) {}
                working.subtract(1, ordering: .relaxed)
                turns.add(1, ordering: .relaxed)
            }
        }
        #expect(turns.load(ordering: .relaxed) == 5)
        #expect(most.load(ordering: .relaxed) <= atOnce)
    }
}
