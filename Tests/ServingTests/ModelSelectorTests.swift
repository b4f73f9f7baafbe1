import Serving
import Testing

@Suite struct ModelSelectorTests {
    /// 100 kB stored, 1 MB of memory, unless said otherwise.
    private func candidate(
        _ name: String, accuracy: Double, milliseconds: Double, storedBytes: Int = 100_000, memoryBytes: Int = 1_000_000
    ) -> Candidate {
        Candidate(
            name: name, parameters: 1, storedBytes: storedBytes, memoryBytes: memoryBytes, accuracy: accuracy,
            p95: milliseconds / 1000, mean: milliseconds / 1000)
    }

    private let budget = Budget(latency: 0.1, storedMegabytes: 10, memoryMegabytes: 100)

    @Test func `The most accurate that fits is chosen, and each step below is faster`() {
        let selector = ModelSelector(
            [
                candidate("small", accuracy: 0.8, milliseconds: 5),
                candidate("huge", accuracy: 0.95, milliseconds: 101),
                candidate("large", accuracy: 0.9, milliseconds: 50),
                candidate("medium", accuracy: 0.85, milliseconds: 20),
            ], budget: budget, programBytes: 0)
        #expect(selector.ladder == [2, 3, 0])
        #expect(selector.verdicts.map(\.step) == [2, nil, 0, 1])
        #expect(selector.verdicts[1].rejections == ["p95 101 ms is over 100 ms"])
        #expect(selector.refusal == nil)
    }

    @Test func `A limit is kept to the byte and the microsecond`() {
        let at = ModelSelector(
            [candidate("a", accuracy: 0.9, milliseconds: 100, storedBytes: 10_000_000, memoryBytes: 60_000_000)],
            budget: budget, programBytes: 40_000_000)
        #expect(at.ladder == [0])
        let past = ModelSelector(
            [candidate("a", accuracy: 0.9, milliseconds: 100.001, storedBytes: 10_000_001, memoryBytes: 60_000_001)],
            budget: budget, programBytes: 40_000_000)
        #expect(past.ladder.isEmpty)
        #expect(past.verdicts[0].rejections.count == 3)
        #expect(past.refusal?.hasPrefix("no model fits: a: p95") == true)
    }

    @Test
    func `Memory for models bounds a model to the byte, takes the place of the tier, and leaves the program alone`() {
        var device = DeviceProfile(name: "class", cores: 1, ramMegabytes: 8000, gflops: 1)
        device.modelMegabytes = 0.4
        let budget = Budget(storedMegabytes: 10).restricted(to: device, tier: .low)
        #expect(budget.storedBytes == 1e7 && budget.modelBytes == 4e5 && !device.hasTier)
        func candidate(_ bytes: Int) -> Candidate {
            Candidate(
                name: "a", parameters: 1, storedBytes: 300_000, memoryBytes: 5_000_000, modelBytes: bytes,
                accuracy: 0.9,
                p95: 0.01, mean: 0.01)
        }
        #expect(ModelSelector([candidate(400_000)], budget: budget, programBytes: 50_000_000).ladder == [0])
        let past = ModelSelector([candidate(400_001)], budget: budget, programBytes: 50_000_000)
        #expect(past.verdicts[0].rejections == ["0.4 MB of memory for the model is over 0.4 MB"])
        device.modelMegabytes = nil
        #expect(Budget().restricted(to: device, tier: .low).storedBytes == 250_000 && device.hasTier)
    }

    @Test func `What is slower and no more accurate is no step`() {
        let selector = ModelSelector(
            [
                candidate("good", accuracy: 0.9, milliseconds: 10), candidate("bad", accuracy: 0.85, milliseconds: 11),
                candidate("hardly faster", accuracy: 0.84, milliseconds: 9.5),
                candidate("fast", accuracy: 0.8, milliseconds: 8.9),
            ], budget: budget, programBytes: 0)
        #expect(selector.ladder == [0, 3])
        #expect(selector.verdicts[1].rejections.count == 1)
    }

    @Test func `Of equally accurate ones the faster is chosen`() {
        let selector = ModelSelector(
            [candidate("a", accuracy: 0.9, milliseconds: 10), candidate("b", accuracy: 0.9, milliseconds: 5)],
            budget: budget, programBytes: 0)
        #expect(selector.ladder == [1])
    }

    @Test func `All steps together share the memory`() {
        let selector = ModelSelector(
            [
                candidate("large", accuracy: 0.9, milliseconds: 50, memoryBytes: 50_000_000),
                candidate("medium", accuracy: 0.85, milliseconds: 20, memoryBytes: 30_000_000),
                candidate("small", accuracy: 0.8, milliseconds: 5, memoryBytes: 10_000_000),
            ], budget: budget, programBytes: 40_000_000)
        #expect(selector.ladder == [0, 2])
        #expect(selector.verdicts[1].rejections == ["no memory is left beside large"])
    }

    @Test func `A latency that is no number fits nothing`() {
        let selector = ModelSelector(
            [candidate("a", accuracy: 0.9, milliseconds: .nan)], budget: budget, programBytes: 0)
        #expect(selector.ladder.isEmpty)
    }

    @Test func `A device's memory and its tier restrict the budget`() {
        let device = DeviceProfile(name: "d", cores: 1, ramMegabytes: 64, gflops: 1)
        #expect(budget.restricted(to: device, tier: .low).storedBytes == 250_000)
        #expect(budget.restricted(to: device, tier: .low).memoryBytes == 64e6)
        #expect(budget.restricted(to: device, tier: nil).storedBytes == 10e6)
        #expect(Budget(storedMegabytes: 0.1).restricted(to: device, tier: .high).storedBytes == 100_000)
        #expect(Budget(memoryMegabytes: 32).restricted(to: device, tier: .high).memoryBytes == 32e6)
    }
}
