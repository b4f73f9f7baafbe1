import Datasets
import FedCore
import Federation
import Foundation
import MPI
import MPITesting
import Serving
import Synchronization
import TestSupport
import Testing

@testable import Records
@testable import Runtime

/// A fleet over ranks as threads. A rank that is lost raises its own flag and leaves: it is silent from then on.
@Suite(.tags(.wholeRun), .unlessQuick) struct FleetSessionTests {
    /// What becomes of a rank.
    private struct Script: Sendable {
        var deviceSeconds = 0.02
        /// The order at which it leaves, or sleeps: `machine`, `accuracies`, or a device's index.
        var stumblesAt: String?
        /// Nil: it leaves.
        var sleepSeconds: Double?
    }

    private final class Rank: FleetWork {
        let rank: Int
        let script: Script
        let stop: StopFlag
        let counts: Counts

        init(_ rank: Int, _ script: Script, _ stop: StopFlag, _ counts: Counts) {
            (self.rank, self.script, self.stop, self.counts) = (rank, script, stop, counts)
        }

        private func reach(_ place: String) throws {
            guard script.stumblesAt == place else { return }
            if let seconds = script.sleepSeconds { return Thread.sleep(forTimeInterval: seconds) }
            stop.raise(9)
            try stop.check()
        }

        func machine() throws -> DeviceProfiler.Machine {
            try reach("machine")
            return DeviceProfiler.Machine(
                profile: DeviceProfile(name: "here", cores: 2, ramMegabytes: 1000, gflops: 10), gflopsOfAllThreads: 8)
        }

        /// The first variant gets the even images right, the second those that three divides.
        func correct(of images: Range<Int>, heartbeat: () throws -> Void) throws -> [Int] {
            try heartbeat()
            try reach("accuracies")
            return [images.count { $0 % 2 == 0 }, images.count { $0 % 3 == 0 }]
        }

        func start(_ task: DeviceTask) throws -> any ServedDevice {
            try reach("\(task.index)")
            return Served(task, self)
        }
    }

    private final class Served: ServedDevice {
        let task: DeviceTask
        let rank: Rank
        let until: ContinuousClock.Instant

        init(_ task: DeviceTask, _ rank: Rank) {
            (self.task, self.rank) = (task, rank)
            until = .now + .seconds(rank.script.deviceSeconds)
            let now = rank.counts.underWay.add(1, ordering: .relaxed).newValue
            rank.counts.most.max(now, ordering: .relaxed)
        }

        func report() -> DeviceReport? {
            guard ContinuousClock.now >= until else { return nil }
            rank.counts.underWay.subtract(1, ordering: .relaxed)
            var report = DeviceReport(index: task.index, device: task.device)
            report.limits = ["by rank \(rank.rank)"]
            return report
        }

        func tell(_ order: ReleaseOrder) {}

        func news() -> [ReleaseNews] { [] }

        func end() {}
    }

    private final class Counts: Sendable {
        let underWay = Atomic(0)
        let most = Atomic(0)
    }

    private struct End: Sendable {
        var failures: [String?] = []
        var ranks: [String] = []
        var accuracies: [Double] = []
        var hasLostRanks = false
        var interruption: Interruption?
        var notes: [String] = []
        var error: String?
    }

    private func run(
        _ ranks: Int, devices: Int, atOnce: Int = 1, _ scripts: [Int: Script] = [:], counts: Counts = Counts(),
        stopsAfter seconds: Double? = nil
    ) throws -> [End] {
        try ThreadRanks.run(ranks) { world in
            let stop = StopFlag()
            let work = Rank(world.rank, scripts[world.rank] ?? Script(), stop, counts)
            let fleet = Fleet((0..<devices).map { DeviceDescription(name: "d\($0)") }, ranks: ranks)
            let plan = FleetPlan(
                fleet: fleet, images: 100, variants: 2, atOnce: atOnce, failureTimeout: 0.4,
                task: { index, machine, accuracies in
                    DeviceTask(
                        index: index, device: fleet.devices[index].profile(on: machine.profile),
                        machine: machine.profile, models: [], budget: Budget(latency: 1, storedMegabytes: 1),
                        tierCounts: true, policy: AdaptationPolicy(target: 1), load: Load(phases: []), seed: 1,
                        dataset: "synthetic", datasetOptions: DatasetOptions(), images: 1)
                })
            if let seconds {
                // The others a little later, so that rank 0 does not take them for lost.
                let delay = world.rank == 0 ? seconds : seconds + 0.2
                Thread.detachNewThread {
                    Thread.sleep(forTimeInterval: delay)
                    stop.raise(15)
                }
            }
            var end = End()
            do {
                let (result, hasLostRanks) = try FleetSession.run(
                    plan, work, on: world, stop: stop, note: { end.notes.append($0) })
                end.hasLostRanks = hasLostRanks
                end.failures = result?.reports.map(\.failure) ?? []
                end.ranks = result?.reports.map { $0.limits.first ?? "-" } ?? []
                end.accuracies = result?.accuracies ?? []
                end.interruption = result?.interruption
            } catch {
                end.error = "\(error)"
            }
            return end
        }
    }

    /// 50 of 100 numbers from 0 are even, 34 are multiples of 3.
    private let accuracies = [0.5, 0.34]

    @Test(arguments: [1, 2])
    func `Each device is served once, and never more on a host at once than may`(atOnce: Int) throws {
        let counts = Counts()
        let ends = try run(4, devices: 5, atOnce: atOnce, counts: counts)
        #expect(ends[0].failures == [nil, nil, nil, nil, nil])
        #expect(ends[0].ranks == [1, 2, 3, 1, 2].map { "by rank \($0)" })
        #expect(ends[0].accuracies == accuracies)
        #expect(counts.most.load(ordering: .relaxed) <= atOnce)
        #expect(ends.allSatisfy { !$0.hasLostRanks && $0.error == nil && $0.notes.isEmpty })
    }

    @Test func `Alone, rank 0 serves all devices`() throws {
        let end = try run(1, devices: 3)[0]
        #expect(end.failures == [nil, nil, nil] && end.ranks == ["by rank 0", "by rank 0", "by rank 0"])
        #expect(end.accuracies == accuracies && !end.hasLostRanks)
    }

    @Test func `A rank that is lost while it serves costs that device; its others are served by those who are left`()
        throws
    {
        let ends = try run(3, devices: 6, [1: Script(stumblesAt: "2")])
        #expect(ends[1].error == "stopped by signal 9")
        let failure = try #require(ends[0].failures[2])
        #expect(failure.hasPrefix("lost with rank 1: it was silent for "), "\(failure)")
        #expect(ends[0].failures.indices.filter { ends[0].failures[$0] != nil } == [2])
        #expect(ends[0].ranks == ["by rank 1", "by rank 2", "-", "by rank 2", "by rank 2", "by rank 2"])
        #expect(ends[0].accuracies == accuracies)
        #expect(ends[0].hasLostRanks && ends[2].hasLostRanks)
        #expect(ends[0].notes.count == 1 && ends[0].notes[0].hasPrefix("lost rank 1: "))
    }

    @Test(arguments: ["machine", "accuracies"])
    func `Nothing is missing when a rank is lost before it serves`(place: String) throws {
        // Rank 0 may measure the machine itself: it is the first of its host.
        let ends = try run(4, devices: 3, [2: Script(stumblesAt: place)])
        #expect(ends[0].accuracies == accuracies)
        #expect(ends[0].failures == [nil, nil, nil])
        if place == "accuracies" { #expect(ends[0].hasLostRanks && !ends[0].ranks.contains("by rank 2")) }
    }

    @Test func `When all who serve are lost each device says so, and the run ends`() throws {
        let ends = try run(3, devices: 4, [1: Script(stumblesAt: "0"), 2: Script(stumblesAt: "1")])
        #expect(ends[0].failures.allSatisfy { $0 != nil } && ends[0].hasLostRanks)
        #expect(ends[0].failures[3] == "no rank is left to do it")
        #expect(ends[0].accuracies == accuracies)
    }

    @Test func `A rank that was taken for lost, and answers, is back with what it has done`() throws {
        // Silent for longer than the time-out of 0.4 s, while another serves for longer.
        let ends = try run(
            3, devices: 2, atOnce: 2,
            [1: Script(stumblesAt: "0", sleepSeconds: 0.7), 2: Script(deviceSeconds: 1.2)])
        #expect(ends[0].failures == [nil, nil] && ends[0].ranks == ["by rank 1", "by rank 2"])
        #expect(ends[0].notes.count == 2 && ends[0].notes[1] == "rank 1 is back", "\(ends[0].notes)")
        #expect(ends.allSatisfy { $0.error == nil })
    }

    @Test func `Asked to stop, rank 0 has what has been served so far`() throws {
        let ends = try run(2, devices: 3, [1: Script(deviceSeconds: 0.3)], stopsAfter: 0.45)
        #expect(ends[0].interruption == Interruption(signal: 15))
        #expect(ends[0].failures[0] == nil)
        #expect(ends[0].failures[2] == "not served: stopped by SIGTERM")
    }
}
