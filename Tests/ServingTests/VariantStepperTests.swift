import Serving
import Testing

@Suite struct VariantStepperTests {
    /// Answers `count` requests, one each `interval` seconds, each with this latency.
    private func feed(
        _ stepper: inout VariantStepper, _ count: Int, latency: (Int) -> Double, interval: Double, from start: Double,
        isOpen: Bool = true
    ) -> Double {
        var now = start
        for i in 0..<count {
            now += interval
            let latency = latency(i)
            _ = stepper.observe(
                VariantStepper.Response(
                    end: now, latency: latency, service: min(latency, Self.services[stepper.step]),
                    arrival: isOpen ? now - latency : nil))
        }
        return now
    }

    private static let services = [0.02, 0.01, 0.005]

    /// Target 100 ms.
    private func stepper(patience: Double = 1) -> VariantStepper {
        var policy = AdaptationPolicy(target: 0.1)
        policy.patience = patience
        return VariantStepper(policy, services: Self.services)
    }

    @Test func `Within the target nothing changes`() {
        var stepper = stepper()
        _ = feed(&stepper, 10_000, latency: { _ in 0.099 }, interval: 0.01, from: 0)
        #expect(stepper.switches.isEmpty)
    }

    @Test func `One slow response in thirty changes nothing`() {
        var stepper = stepper()
        _ = feed(&stepper, 3_000, latency: { $0 % 30 == 0 ? 5 : 0.01 }, interval: 0.01, from: 0)
        #expect(stepper.switches.isEmpty)
    }

    @Test func `Past the target it steps down, one step at a time, and stays at the last`() {
        var stepper = stepper()
        // Waits that grow: the queue is not draining.
        _ = feed(&stepper, 2_000, latency: { 0.2 + 0.001 * Double($0) }, interval: 0.01, from: 0)
        #expect(stepper.switches.map(\.from) == [0, 1])
        #expect(stepper.step == 2)
        #expect(stepper.switches.allSatisfy { $0.reason.contains("is over 100 ms") })
    }

    @Test func `A variant serves a while before it is judged`() {
        var stepper = stepper()
        // A response each millisecond: 40 of them are there after 40 ms, the shortest stay is 100 ms.
        _ = feed(&stepper, 90, latency: { _ in 0.5 }, interval: 0.001, from: 0)
        #expect(stepper.switches.isEmpty)
        _ = feed(&stepper, 30, latency: { _ in 0.5 }, interval: 0.001, from: 0.09)
        #expect(stepper.switches.count == 1)
        #expect(stepper.switches[0].seconds >= 0.1)
    }

    @Test func `While the queue drains fast it waits, and not for a queue that drains too slowly`() {
        // A wait that falls by a second a second.
        var fast = stepper()
        _ = feed(&fast, 90, latency: { 0.95 - 0.01 * Double($0) }, interval: 0.01, from: 0)
        #expect(fast.switches.isEmpty)
        // By a hundredth of it: 95 seconds to go.
        var slow = stepper()
        _ = feed(&slow, 90, latency: { 0.95 - 0.0001 * Double($0) }, interval: 0.01, from: 0)
        #expect(slow.switches.count == 2)
    }

    @Test func `When the load has gone it steps up again, after a longer time`() {
        var stepper = stepper(patience: 1)
        var now = feed(&stepper, 100, latency: { 0.2 + 0.01 * Double($0) }, interval: 0.01, from: 0)
        #expect(stepper.step > 0)
        let down = stepper.switches.count
        now = feed(&stepper, 2_000, latency: { _ in 0.005 }, interval: 0.1, from: now)
        #expect(stepper.step == 0)
        #expect(stepper.switches.count == 2 * down)
        for (earlier, later) in zip(stepper.switches, stepper.switches.dropFirst()) where later.to < later.from {
            #expect(later.seconds - earlier.seconds >= 1)
        }
    }

    @Test func `It does not step up into a load that the better variant cannot carry`() {
        var stepper = stepper()
        var now = feed(&stepper, 40, latency: { 0.2 + 0.01 * Double($0) }, interval: 0.01, from: 0)
        #expect(stepper.step == 1)
        // 90 requests a second: 10 ms each for the variant that serves, and 20 ms for the better one.
        now = feed(&stepper, 10_000, latency: { _ in 0.01 }, interval: 1.0 / 90, from: now)
        #expect(stepper.step == 1)
        // 30 a second it would carry: 60 % busy.
        _ = feed(&stepper, 1_000, latency: { _ in 0.01 }, interval: 1.0 / 30, from: now)
        #expect(stepper.step == 0)
    }

    @Test func `Without arrivals of their own requests are judged by latency alone`() {
        var stepper = stepper()
        var now = feed(&stepper, 48, latency: { _ in 0.2 }, interval: 0.2, from: 0, isOpen: false)
        #expect(stepper.step > 0)
        now = feed(&stepper, 4_000, latency: { _ in 0.005 }, interval: 0.005, from: now, isOpen: false)
        #expect(stepper.step == 0)
    }

    @Test func `A load at which the better variant always fails is tried less and less often`() {
        var policy = AdaptationPolicy(target: 0.1)
        policy.patience = 1
        var stepper = VariantStepper(policy, services: [0.006, 0.005])
        // Slow with the better variant, fast with the other: what expectations do not show.
        var now = 0.0
        for _ in 0..<100_000 {
            now += 0.01
            let latency = stepper.step == 0 ? 0.2 : 0.005
            _ = stepper.observe(VariantStepper.Response(end: now, latency: latency, service: 0.005, arrival: now))
        }
        // 1,000 seconds; without patience that doubles there would be a try each second.
        let ups = stepper.switches.filter { $0.to < $0.from }
        #expect(ups.count >= 5 && ups.count <= 30)
        let distances = zip(ups, ups.dropFirst()).map { $1.seconds - $0.seconds }
        #expect(distances.prefix(5).allSatisfy { $0 < 40 })
        #expect(distances.last.map { $0 >= 60 } == true)
        #expect(stepper.switches.contains { $0.reason.contains("until the next try") })
    }

    @Test(arguments: [(100.0, 100.0), (0.0, 0.2)])
    func `A failed step up never shortens the patience that was asked for, and lengthens none at all`(
        patience: Double, least: Double
    ) {
        var policy = AdaptationPolicy(target: 0.1)
        policy.patience = patience
        var stepper = VariantStepper(policy, services: [0.006, 0.005])
        var now = 0.0
        while now < 1000, stepper.switches.count < 4 {
            now += 0.01
            let latency = stepper.step == 0 ? 0.2 : 0.005
            _ = stepper.observe(VariantStepper.Response(end: now, latency: latency, service: 0.005, arrival: now))
        }
        // Down, up, down because the step up failed, up again.
        #expect(stepper.switches.map(\.to) == [1, 0, 1, 0])
        #expect(stepper.switches.count == 4 && stepper.switches[2].reason.contains("until the next try"))
        #expect(stepper.switches.count == 4 && stepper.switches[3].seconds - stepper.switches[2].seconds >= least)
        #expect(stepper.switches.contains { $0.reason.contains("; \(least == 100 ? "100" : "0.2") s until") })
    }
}
