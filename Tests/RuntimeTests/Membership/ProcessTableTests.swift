import MPI
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

    @Test func `Each rank says by which instructions it computes, and is still one of this program`() throws {
        let tables = try ThreadRanks.run(3) { world in
            try ProcessTable(world, instructionSet: world.rank == 1 ? "sse41" : "avx512_core_bf16")
        }
        for table in tables {
            #expect(table.instructionSets.difference == "avx512_core_bf16 on ranks 0, 2, sse41 on rank 1")
            #expect(table.programs == ["", "", ""] && Set(table.hosts).count == 1)
        }
    }
}
