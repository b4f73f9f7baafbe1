import Federation
import Foundation
import Serving
import Testing

@testable import Records
@testable import fedmpi

@Suite struct FleetOutcomeTests {
    private func report(_ name: String, failure: String? = nil, isRefused: Bool = false) -> DeviceReport {
        var report = DeviceReport(
            index: 0, device: DeviceProfile(name: name, cores: 1, ramMegabytes: 100, gflops: 1))
        report.failure = failure
        report.isRefused = isRefused
        return report
    }

    private func outcome(_ reports: DeviceReport..., interruption: Interruption? = nil) -> FleetOutcome {
        FleetOutcome(
            reports: reports, machines: [:], models: [], testImages: "the test images",
            folder: URL(fileURLWithPath: "fleet"),
            interruption: interruption)
    }

    @Test func `The exit code tells whether all, some or none have served`() {
        let (good, lost) = (report("a"), report("b", failure: "lost with rank 2: its process has ended"))
        let unfit = report("c", failure: "no model fits", isRefused: true)
        #expect(outcome(good, good).code == 0)
        #expect(outcome(good, unfit).code == 0)
        #expect(outcome(good, lost, unfit).code == 3)
        #expect(outcome(lost, unfit).code == 1)
        #expect(outcome(unfit, unfit).code == 2)
    }

    @Test func `Who is missing is named, the first with the reason`() {
        let (b, c) = (report("b", failure: "no answer"), report("c", failure: "lost"))
        #expect(outcome(report("a")).complaint == nil)
        #expect(
            outcome(report("a"), b).complaint == "1 of 2 devices is missing: b: no answer; the others are in 'fleet'")
        #expect(outcome(b, c).complaint == "2 of 2 devices are missing: b: no answer; c")
        #expect(
            outcome(b, interruption: Interruption(signal: 15)).complaint
                == "stopped by SIGTERM, 1 of 1 device is missing: b: no answer")
        #expect(
            outcome(report("a", failure: "too large", isRefused: true)).complaint == "device 'a': too large")
    }

    @Test func `A machine that was busy while it was measured is said to be`() {
        func text(share: Double) -> String {
            let profile = DeviceProfile(name: "here", cores: 2, ramMegabytes: 1000, gflops: 120)
            let machine = DeviceProfiler.Machine(profile: profile, gflopsOfAllThreads: 2.5, processorShare: share)
            return FleetText(reports: [], machines: ["here": machine], testImages: "").text(verbose: false)
        }
        #expect(
            text(share: 0.3).contains(
                "60.0 GFLOP/s on one thread, 2.5 on all (measured; busy: others took 70 % of its cores' time, so that "
                    + "the figure for all is too low)"))
        #expect(text(share: 0.9).contains("60.0 GFLOP/s on one thread, 2.5 on all (measured)"))
    }
}
