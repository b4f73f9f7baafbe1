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

    @Test func `counted devices are the first clients, and shares draw the others`() throws {
        let fleet = try Fleet("f; a share=1; b count=2 share=9; c count=3; d share=1")
        #expect((0..<5).map { fleet.index(ofClient: $0, seed: 8) } == [1, 1, 2, 2, 2])
        var counts = [0, 0, 0, 0]
        for client in 5..<2_005 { counts[fleet.index(ofClient: client, seed: 8)] += 1 }
        // Four deviations of a binomial: 4 · √(2000 · ½ · ½) = 89.
        #expect(counts[1] == 0 && counts[2] == 0 && abs(counts[0] - 1_000) < 89)
        try fleet.check(clients: 5, option: "--clients")
        #expect(throws: ConfigurationError("fleet 'f' has at least 5 devices by its counts, and --clients is 4")) {
            try fleet.check(clients: 4, option: "--clients")
        }
    }

    @Test func `a fleet that counts all its devices has no others`() throws {
        let fleet = try Fleet("f; a count=2; b count=1")
        try fleet.check(clients: 3, option: "--clients")
        #expect(
            throws: ConfigurationError(
                "fleet 'f' has 3 devices by its counts, and --clients is 5; leave it out, or say 3")
        ) {
            try fleet.check(clients: 5, option: "--clients")
        }
        #expect(throws: ConfigurationError("class 'a': count is 1.5; it must be a whole number")) {
            try Fleet("f; a count=1.5")
        }
    }

    @Test func `conditions are words between commas`() throws {
        #expect(try Eligibility.conditions("charging, idle") == [.charging, .idle])
        #expect(try Eligibility.conditions("").isEmpty)
        #expect(throws: ConfigurationError.self) { try Eligibility.conditions("sleepy") }
    }
}
