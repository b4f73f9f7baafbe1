import Devices
import Testing

@Suite struct DeviceSimulationTests {
    private func conditions(
        _ simulation: DeviceSimulation, client: Int, round: Int = 1, attempt: Int = 0
    ) -> DeviceConditions {
        simulation.conditions(
            ofClient: client, round: round, attempt: attempt, seed: 42, downloadBytes: 1_000_000, uploadBytes: 500_000)
    }

    @Test func `A message takes the latency and its bits over the bandwidth`() {
        // 1 MB are 8 megabits: 0.8 s at 10 Mbit/s.
        let link = Link(megabitsPerSecond: 10, latencyMilliseconds: 50)
        #expect(abs(link.seconds(bytes: 1_000_000) - 0.85) < 1e-12)
        #expect(Link(latencyMilliseconds: 50).seconds(bytes: 1_000_000) == 0.05)
        #expect(Link().isIdeal && Link().seconds(bytes: 1_000_000) == 0)
    }

    @Test func `A device's time is its download, its delay and its samples`() {
        var simulation = DeviceSimulation()
        simulation.samplesPerSecond = 200
        simulation.link = Link(megabitsPerSecond: 8)
        simulation.stragglerProbability = 1
        simulation.stragglerDelay = 3
        let conditions = conditions(simulation, client: 5)
        #expect(conditions.download == 1 && conditions.upload == 0.5)
        #expect(conditions.delay > 0)
        #expect(abs(conditions.seconds(samples: 100) - (1 + conditions.delay + 0.5)) < 1e-12)
    }

    @Test func `So many clients straggle and drop as was asked for, by so much on average`() {
        var simulation = DeviceSimulation()
        simulation.stragglerProbability = 0.3
        simulation.stragglerDelay = 5
        simulation.dropProbability = 0.1
        let all = (0..<20_000).map { conditions(simulation, client: $0) }
        let delays = all.map(\.delay).filter { $0 > 0 }
        // Within four standard deviations: sqrt(p (1 - p) / n) of a share, mean / sqrt(n) of an exponential's mean.
        let stragglers: Double = Double(delays.count) / 20_000
        let drops: Double = Double(all.count { $0.isDropped }) / 20_000
        let mean: Double = delays.reduce(0, +) / Double(delays.count)
        #expect(abs(stragglers - 0.3) < 4 * 0.00324)
        #expect(abs(drops - 0.1) < 4 * 0.00212)
        #expect(abs(mean - 5) < 4 * 0.0646)
    }

    @Test func `Draws depend on round, client and attempt, and not on one another`() {
        var simulation = DeviceSimulation()
        simulation.stragglerProbability = 1
        simulation.stragglerDelay = 1
        let first = conditions(simulation, client: 3)
        #expect(conditions(simulation, client: 3) == first)
        #expect(conditions(simulation, client: 4).delay != first.delay)
        #expect(conditions(simulation, client: 3, round: 2).delay != first.delay)
        #expect(conditions(simulation, client: 3, attempt: 1).delay != first.delay)
        simulation.dropProbability = 1
        #expect(conditions(simulation, client: 3).delay == first.delay)
    }

    @Test func `Only delays that are not slept through are virtual time`() {
        var simulation = DeviceSimulation()
        #expect(!simulation.isVirtual)
        simulation.dropProbability = 0.5
        #expect(!simulation.isVirtual)
        simulation.link.latencyMilliseconds = 1
        #expect(simulation.isVirtual)
        simulation.isReal = true
        #expect(!simulation.isVirtual)
    }
}
