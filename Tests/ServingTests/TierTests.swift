import FedCore
import Serving
import Testing

@Suite struct TierTests {
    private func device(cores: Int = 4, ram: Double = 4_000, gflops: Double = 100) -> DeviceProfile {
        DeviceProfile(name: "d", cores: cores, ramMegabytes: ram, gflops: gflops)
    }

    @Test(arguments: [
        (4, 2_000.0, 16.0, Tier.high), (2, 2_000, 16, .high),
        (1, 2_000, 16, .medium), (2, 1_999, 16, .medium), (2, 2_000, 15.9, .medium),
        (1, 500, 2, .medium), (64, 499, 1_000, .low), (64, 1e6, 1.9, .low), (1, 1, 0.001, .low),
    ])
    func `A device is of the highest tier whose every requirement it meets`(
        cores: Int, ram: Double, gflops: Double, tier: Tier
    ) {
        #expect(TierAssignment(device(cores: cores, ram: ram, gflops: gflops)).tier == tier)
    }

    @Test func `What a device may not compute with does not count`() {
        var device = device(gflops: 20)
        #expect(TierAssignment(device).tier == .high)
        device.cpuShare = 0.5
        #expect(TierAssignment(device).tier == .medium)
        device.cpuShare = 0.05
        let assignment = TierAssignment(device)
        #expect(assignment.tier == .low)
        #expect(assignment.reasons == ["1 GFLOP/s in 5 % of the time; MEDIUM asks for 2"])
    }

    @Test func `The reasons name all that keeps a device out of the next tier`() {
        let assignment = TierAssignment(device(cores: 1, ram: 1_000, gflops: 3))
        #expect(
            assignment.reasons == [
                "1000 MB; HIGH asks for 2000", "1 core; HIGH asks for 2", "3 GFLOP/s; HIGH asks for 16",
            ])
        #expect(TierAssignment(device()).reasons.first == "4000 MB where 2000 are asked for")
    }

    @Test func `Each tier takes larger models than the one below, and asks for more`() {
        for (low, high) in zip(Tier.allCases, Tier.allCases.dropFirst()) {
            #expect(low < high)
            #expect(low.requirements.largestModelMegabytes < high.requirements.largestModelMegabytes)
            #expect(low.requirements.gflops < high.requirements.gflops)
            #expect(low.requirements.ramMegabytes < high.requirements.ramMegabytes)
        }
    }
}

@Suite struct DeviceDescriptionTests {
    private var machine: DeviceProfile {
        var machine = DeviceProfile(name: "m", cores: 2, ramMegabytes: 8_000, gflops: 100)
        machine.memoryBandwidth = 20
        machine.origins = ["cores": .read, "gflops": .measured]
        return machine
    }

    @Test func `What is not stated is the machine's`() throws {
        var description = DeviceDescription(name: "d")
        try description.state(.ramMegabytes, 512)
        let profile = description.profile(on: machine)
        #expect(profile.name == "d")
        #expect(profile.ramMegabytes == 512)
        #expect(profile.gflops == 100)
        #expect(profile.memoryBandwidth == 20)
        #expect(profile.origin(of: .ramMegabytes) == .stated)
        #expect(profile.origin(of: .gflops) == .measured)
    }

    @Test func `Cores that are stated alone are as fast as the machine's`() throws {
        var description = DeviceDescription(name: "d")
        try description.state(.cores, 8)
        let profile = description.profile(on: machine)
        #expect(profile.gflopsPerCore == 50)
        #expect(profile.gflops == 400)
        try description.state(.gflops, 40)
        #expect(description.profile(on: machine).gflopsPerCore == 5)
    }

    @Test(arguments: [
        (DeviceQuantity.cores, 0.0), (.cores, 1.5), (.cores, .nan), (.ramMegabytes, 0), (.gflops, -1), (.cpuShare, 0),
        (.cpuShare, 1.01), (.busyWatts, -1), (.gflops, .infinity), (.gflops, 1e-30), (.cpuShare, 1e-30),
    ])
    func `A quantity that no device has is refused by name`(quantity: DeviceQuantity, value: Double) {
        var description = DeviceDescription(name: "d")
        let error = #expect(throws: ConfigurationError.self) { try description.state(quantity, value) }
        #expect(error?.description.contains("device 'd': \(quantity.rawValue)") == true)
    }

    @Test func `Watts come in pairs, and idling takes no more than computing`() throws {
        var description = DeviceDescription(name: "d")
        try description.state(.idleWatts, 2)
        #expect(throws: ConfigurationError.self) { try description.validate() }
        try description.state(.busyWatts, 1)
        #expect(throws: ConfigurationError.self) { try description.validate() }
        try description.state(.busyWatts, 2)
        try description.validate()
    }
}
