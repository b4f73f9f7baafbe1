import MPITesting
import Testing

@testable import Records
@testable import Runtime

@Suite struct ProcessTableTests {
    @Test func `Ranks that are threads of one process are not seen by it`() throws {
        let states = try ThreadRanks.run(3) { world in
            let table = try ProcessTable(world)
            return (0..<3).map { table.state(of: $0) }
        }
        #expect(states.allSatisfy { $0 == [.unseen, .unseen, .unseen] })
    }
}
