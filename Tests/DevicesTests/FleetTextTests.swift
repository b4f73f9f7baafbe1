import Devices
import FedCore
import Testing

struct FleetTextTests {
    @Test(arguments: Fleets.all.map(\.name))
    func `a fleet's text reads as the fleet`(name: String) throws {
        let fleet = try Fleet(name)
        #expect(try Fleet(fleet.description) == fleet)
    }

    @Test(arguments: [
        "nope", "f; a share=0", "f; a share", "f; a colour=3", "f; a radio=cb", "f; a; a", "f; a-b; A_b",
        "f; a gflops=nan",
        "f; a b!=1",
        "f ü; a", "f;", "", "f; a battery-mah=-1", "f; a gflops=1e99",
    ])
    func `what is no fleet is refused`(text: String) {
        #expect(throws: ConfigurationError.self) { try Fleet(text) }
    }

    @Test func `classes have their shares of the devices`() throws {
        let fleet = try Fleet("f; a share=1; b share=3")
        var counts = [0, 0]
        for client in 0..<20_000 { counts[fleet.index(ofClient: client, seed: 8)] += 1 }
        // Four deviations of a binomial: 4 · √(20000 · ¼ · ¾) = 245.
        #expect(abs(counts[0] - 5_000) < 245 && counts[0] + counts[1] == 20_000)
    }

    @Test func `conditions are words between commas`() throws {
        #expect(try Eligibility.conditions("charging, idle") == [.charging, .idle])
        #expect(try Eligibility.conditions("").isEmpty)
        #expect(throws: ConfigurationError.self) { try Eligibility.conditions("sleepy") }
    }
}
