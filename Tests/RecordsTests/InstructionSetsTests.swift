import Testing

@testable import Records

@Suite struct InstructionSetsTests {
    @Test func `Ranks of one kind, and those that do not say, make no difference`() {
        #expect(InstructionSets().difference == nil)
        #expect(InstructionSets(["avx2", "avx2", ""]).difference == nil)
    }

    @Test func `Ranks of several kinds are told by their numbers`() {
        #expect(
            InstructionSets(["avx2", "avx2", "avx512_core", "", "avx2", "avx2", "avx2"]).difference
                == "avx2 on ranks 0-1, 4-6, avx512_core on rank 2")
    }
}
