import Federation
import Foundation
import Testing

@testable import Records
@testable import Serving
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
            let text = FleetText(reports: [], machines: ["here": machine], testImages: "").text(verbose: false)
            #expect(text.split(separator: "\n").allSatisfy { $0.count <= 80 })
            return text.split { $0 == " " || $0 == "\n" }.joined(separator: " ")
        }
        #expect(
            text(share: 0.3).contains(
                "60.0 GFLOP/s on one thread, 2.5 on all (measured; busy: others took 70 % of its cores' time, so that "
                    + "the figure for all is too low)"))
        #expect(text(share: 0.9).contains("60.0 GFLOP/s on one thread, 2.5 on all (measured)"))
    }

    /// A device whose candidates were chosen from within a budget, the first given being the most accurate.
    private func served(
        _ name: String, ram: Double, model: Double? = nil, _ candidates: [(name: String, kilobytes: Int)]
    ) -> DeviceReport {
        var profile = DeviceProfile(name: name, cores: 1, ramMegabytes: ram, gflops: 100)
        profile.modelMegabytes = model
        var report = DeviceReport(index: 0, device: profile)
        let budget = Budget().restricted(to: profile, tier: report.tier.tier)
        let selector = ModelSelector(
            candidates.enumerated().map { place, item in
                Candidate(
                    name: item.name, parameters: 1, storedBytes: 1000 * item.kilobytes, memoryBytes: 0,
                    modelBytes: 1000 * item.kilobytes, accuracy: 0.9 - 0.1 * Double(place), p95: 0.01, mean: 0.01)
            }, budget: budget, programBytes: 0)
        (report.verdicts, report.ladder, report.budget) = (selector.verdicts, selector.ladder, budget)
        return report
    }

    // MEDIUM asks for 500 MB; LOW takes models of 0.25 MB.
    @Test func `A device's reason is what keeps a more accurate model from it, and whose limit that is`() {
        let models = [(name: "large f32", kilobytes: 858), (name: "small f32", kilobytes: 204)]
        #expect(
            DeviceReason(served("sensor", ram: 256, models)).text
                == "large f32: 0.858 MB stored is over 0.25 MB, as LOW has it (256 MB, MEDIUM asks for 500)")
        #expect(
            DeviceReason(served("class", ram: 8000, model: 0.5, models)).text
                == "large f32: 0.858 MB of memory for the model is over 0.5 MB")
        #expect(
            DeviceReason(served("class", ram: 8000, model: 1, models)).text == "the most accurate model fits")
        #expect(
            DeviceReason(report("b", failure: "no model fits: large f32: p95 2 s", isRefused: true)).text
                == "no model fits: large f32: p95 2 s")
    }

    @Test func `Tables say who has what and why, in lines of eighty characters`() {
        let models = [(name: "edgecnn-large int8", kilobytes: 858), (name: "edgecnn-small f32", kilobytes: 204)]
        let text = FleetText(
            reports: [served("sensor", ram: 256, models), served("microcontroller", ram: 8000, model: 0.3, models)],
            machines: [:], testImages: "the 10,000 test images of a data set with quite a long name"
        ).text(verbose: true)
        let lines = text.split(separator: "\n")
        #expect(lines.allSatisfy { $0.count <= 80 }, "\(lines.filter { $0.count > 80 })")
        #expect(lines[0].split(separator: " ") == ["device", "tier", "model", "KB", "why"])
        #expect(lines[1].hasPrefix("sensor           LOW   edgecnn-small f32  204  edgecnn-large int8: 0.858"))
        #expect(lines.contains { $0.hasPrefix("microcontroller  -     edgecnn-small f32") })
    }

    private func record(_ decision: ReleaseRecord.Decision) -> ReleaseRecord {
        var record = ReleaseRecord(
            release: "digits@2", from: "digits@1", accuracy: nil, movedAt: nil, secondsToOffer: nil)
        record.decision = decision
        return record
    }

    @Test func `A version that was seen and not tried to the end is told of, with what it had`() {
        var report = report("phone")
        var epoch = ServingEpoch(kind: .trying, release: "digits@1", other: "digits@2", start: 1)
        epoch.answeredByOther = 120
        report.epochs = [epoch]
        func text(_ decision: ReleaseRecord.Decision) -> String {
            let text = FleetText(
                reports: [report], machines: [:], testImages: "", releases: [record(decision)], trialRequests: 400
            ).text(verbose: false)
            #expect(text.split(separator: "\n").allSatisfy { $0.count <= 80 })
            return text.split { $0 == " " || $0 == "\n" }.joined(separator: " ")
        }
        #expect(
            text(.undecided).contains(
                "digits@2 was seen and not tried to the end: when the load was over it had 120 of 400 answers on phone; "
                    + "digits@1 served to the end."))
        #expect(
            text(.untried).contains(
                "digits@2 was seen and not tried: the load was over before it could be; digits@1 served to the end"))
        #expect(text(.adopted).contains("digits@2 took over from digits@1"))
    }

    @Test func `A processor without VNNI is said to gain no time by int8`() {
        #expect(
            IntegerNote.text(instructions: "avx2")
                == "int8: this processor (avx2) has no VNNI, which adds products of bytes, so int8 is computed in floats "
                + "here: it saves bytes, and may be slower than f32.")
    }
}
