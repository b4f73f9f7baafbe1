import Devices
import Foundation
import Testing

/// Devices of unlike speed.
@Suite struct DeviceSpreadTests {
    private func simulation(spread: Double) -> DeviceSimulation {
        var simulation = DeviceSimulation()
        simulation.samplesPerSecond = 200
        simulation.speedSpread = spread
        return simulation
    }

    @Test func `Without a spread every device has the speed that was given`() {
        let simulation = simulation(spread: 0)
        #expect((0..<100).allSatisfy { simulation.samplesPerSecond(ofClient: $0, seed: 42) == 200 })
        #expect(DeviceSimulation().samplesPerSecond(ofClient: 0, seed: 42) == nil)
    }

    @Test func `Speeds are log-normal around it`() {
        let simulation = simulation(spread: 0.5)
        let logs = (0..<20_000).compactMap { simulation.samplesPerSecond(ofClient: $0, seed: 42).map { log($0 / 200) } }
        let mean = logs.reduce(0, +) / 20_000
        let variance = logs.reduce(0) { $0 + $1 * $1 } / 20_000
        // Within four standard deviations: σ/√n of the mean, σ²√(2/n) of the variance.
        #expect(abs(mean) < 4 * 0.5 / 141.4)
        #expect(abs(variance - 0.25) < 4 * 0.25 * 0.01)
    }

    @Test func `A device keeps its speed from round to round, and the seed says which it is`() {
        let simulation = simulation(spread: 1)
        func seconds(client: Int, round: Int, seed: UInt64 = 42) -> Double {
            simulation.conditions(
                ofClient: client, round: round, attempt: 0, seed: seed, downloadBytes: 0, uploadBytes: 0
            ).secondsPerSample
        }
        #expect((1..<50).allSatisfy { seconds(client: 3, round: $0) == seconds(client: 3, round: 1) })
        #expect(seconds(client: 4, round: 1) != seconds(client: 3, round: 1))
        #expect(seconds(client: 3, round: 1, seed: 43) != seconds(client: 3, round: 1))
    }

    @Test func `A wider spread moves the same device further, the same way`() {
        let (narrow, wide) = (simulation(spread: 0.5), simulation(spread: 1))
        for client in 0..<50 {
            let factors = [narrow, wide].compactMap { $0.samplesPerSecond(ofClient: client, seed: 7).map { $0 / 200 } }
            #expect(abs(factors[1] - factors[0] * factors[0]) < 1e-12 * factors[1])
        }
    }

    @Test func `The spread changes nothing else that is drawn`() {
        func conditions(spread: Double, client: Int) -> DeviceConditions {
            var simulation = simulation(spread: spread)
            (simulation.stragglerProbability, simulation.stragglerDelay, simulation.dropProbability) = (0.5, 2, 0.3)
            return simulation.conditions(
                ofClient: client, round: 1, attempt: 0, seed: 1, downloadBytes: 9, uploadBytes: 9)
        }
        for client in 0..<50 {
            let (equal, unlike) = (conditions(spread: 0, client: client), conditions(spread: 1, client: client))
            #expect(unlike.delay == equal.delay && unlike.isDropped == equal.isDropped)
        }
    }
}
