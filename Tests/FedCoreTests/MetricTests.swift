import FedCore
import Testing

@Suite struct MetricTests {
    @Test(arguments: [(Metric.Whole.last, 1.0), (.sum, 6), (.largest, 3), (.mean, 2)])
    func `A run's value is its last, its sum or its largest`(whole: Metric.Whole, value: Double) {
        let metric = Metric("watts", title: "watts", whole: whole)
        #expect(metric.whole(of: [2, 3, 1]) == value)
        #expect(metric.whole(of: []) == nil)
    }

    @Test func `What is declared comes first, then what is well known, then names alone`() {
        let epsilon = Metric("epsilon", title: "ε", better: .lower, group: "privacy")
        let found = Metric.describing(["left_watts", "simulated_seconds", "epsilon"], by: [epsilon, .attackSuccess])
        #expect(found.map(\.name) == ["epsilon", "simulated_seconds", "left_watts"])
        #expect(found[0] == epsilon && found[1] == .simulatedSeconds && found[2].title == "left watts")
    }

    @Test func `What is simulated says so where its group is not shown`() {
        #expect(Metric("a", title: "computing J", group: "simulated joules").label == "computing J, simulated")
        #expect(Metric("a", title: "simulated J", group: "simulated joules").label == "simulated J")
        #expect(Metric("a", title: "epsilon", group: "privacy").label == "epsilon")
    }

    @Test func `A value's suffix tells its unit and which values are better`() {
        #expect(Metric("a", title: "a").suffix.isEmpty)
        #expect(Metric("a", title: "a", unit: "J", better: .lower).suffix == " J (lower is better)")
        #expect(Metric("a", title: "a", better: .higher, whole: .largest).suffix == " (the largest; higher is better)")
    }
}
