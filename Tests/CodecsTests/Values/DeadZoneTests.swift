import FedCore
import Testing

@testable import Codecs

@Suite struct DeadZoneTests {
    /// By hand: two are kept, so the bound is 3 and a step 4.5; 4 lies 2/9 into the first step and −3 at its beginning, on
    /// average 1/9: both are read as 3 + 4.5 / 9.
    @Test func `What is kept is read in the middle of its step, and the rest is zero`() throws {
        #expect(try ValueStageTests.roundTrip([4, 1, -3, 2, 0], "deadzone 2") == [3.5, 0, -3.5, 0, 0])
        // With steps of 1/3 of the bound 4 lies at the beginning of the second.
        #expect(try ValueStageTests.roundTrip([4, 1, -3, 2, 0], "deadzone 2 step=0.33333334") == [4, 0, -3, 0, 0])
    }

    @Test(arguments: ["deadzone 5%", "deadzone 20% step=0.5", "deadzone 100%"])
    func `As many are kept as are wanted, none off by more than a step`(text: String) throws {
        let numbers = ValueStageTests.normal(20_000)
        let back = try ValueStageTests.roundTrip(numbers, text)
        let wanted = text.contains("5%") ? 1000 : text.contains("20%") ? 4000 : 20_000
        #expect(back.count { $0 != 0 } == wanted)
        let bound = numbers.map(\.magnitude).sorted(by: >)[wanted - 1]
        let largest = numbers.map(\.magnitude).max() ?? 0
        let step = max((text.contains("step") ? 0.5 : 1.5) * bound, (largest - bound) / 62)
        for (number, read) in zip(numbers, back) where read != 0 {
            #expect((number - read).magnitude <= step * 1.001 && (number < 0) == (read < 0))
        }
        #expect(zip(numbers, back).allSatisfy { $1 != 0 || $0.magnitude < bound })
    }

    @Test func `Equal magnitudes are all kept, and zeros never`() throws {
        #expect(try ValueStageTests.roundTrip([2, -2, 2, 0, 0], "deadzone 1") == [2, -2, 2, 0, 0])
        let back = try ValueStageTests.roundTrip([2, 0, 0, 0, 0], "deadzone 80%")
        #expect((back[0] - 2).magnitude < 1e-6 && back.dropFirst().allSatisfy { $0 == 0 })
    }

    @Test func `Early rounds keep more`() throws {
        let numbers = ValueStageTests.normal(1000)
        let kept = try [1, 2, 3].map { round in
            try ValueStageTests.roundTrip(numbers, "deadzone 5% warmup=2", round: round).count { $0 != 0 }
        }
        #expect(kept == [250, 63, 50])
    }
}
