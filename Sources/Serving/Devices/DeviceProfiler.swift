import FedCore
import Foundation
import NeuralNet

/// Measures the machine it runs on.
///
/// GFLOP/s are those of a fully connected layer of 512 by 512 on 64 samples, through oneDNN as the models are computed; the
/// best of many short passes, as the others were disturbed. One thread is timed by its processor time, all of them by the
/// time that passes. The bandwidth is that of `Triad`. Cores, memory and clock are what the operating system says.
public struct DeviceProfiler: Sendable {
    /// Seconds for each of the three timings.
    public var seconds: Double

    /// - Parameter seconds: for each of the three timings; half a second in all is enough for figures that repeat within some per cent.
    public init(seconds: Double = 0.12) {
        self.seconds = seconds
    }

    /// How often all threads are timed, at most, while others take the cores from them.
    private static let attempts = 3

    /// Times the machine; half a second, and a little more where it is busy. Local to the rank. Whoever computes at the same
    /// time spoils it.
    ///
    /// `gflops` is that of one thread times the cores, so that `gflopsPerCore` is what one thread reaches;
    /// `gflopsOfAllThreads` is what the cores reach together.
    public func measure(name: String = "this machine") throws -> Machine {
        let cores = ProcessInfo.processInfo.activeProcessorCount
        let one = try gflops(threads: 1).gflops
        var all = Timing(gflops: one, share: 1)
        if cores > 1 {
            all = try gflops(threads: cores)
            for _ in 1..<Self.attempts where all.share < Machine.leastShare {
                let again = try gflops(threads: cores)
                all = Timing(gflops: max(all.gflops, again.gflops), share: max(all.share, again.share))
            }
        }
        var profile = DeviceProfile(
            name: name, cores: cores, ramMegabytes: Double(ProcessInfo.processInfo.physicalMemory) / 1e6,
            gflops: one * Double(cores))
        profile.clockMegahertz = Self.clock()
        profile.memoryBandwidth = Triad.gigabytesPerSecond(seconds: seconds)
        for quantity in [DeviceQuantity.cores, .ramMegabytes] { profile.origins[quantity.rawValue] = .read }
        if profile.clockMegahertz != nil { profile.origins[DeviceQuantity.clockMegahertz.rawValue] = .read }
        for quantity in [DeviceQuantity.gflops, .memoryBandwidth] { profile.origins[quantity.rawValue] = .measured }
        return Machine(profile: profile, gflopsOfAllThreads: all.gflops, processorShare: all.share)
    }

    /// What was measured of a machine.
    public struct Machine: Sendable, Codable, Equatable {
        public var profile: DeviceProfile
        /// GFLOP/s of one pass that all cores share, which is less than their sum.
        public var gflopsOfAllThreads: Double
        /// Share of the cores' time that this pass got, in [0, 1]; other processes, or a limit on this one, took the rest.
        public var processorShare: Double

        /// An idle machine gives more.
        static let leastShare = 0.75

        /// Whether others took so much that `gflopsOfAllThreads` is too low.
        public var isBusy: Bool { processorShare < Self.leastShare }

        public init(profile: DeviceProfile, gflopsOfAllThreads: Double, processorShare: Double = 1) {
            self.profile = profile
            self.gflopsOfAllThreads = gflopsOfAllThreads
            self.processorShare = processorShare
        }
    }

    private struct Timing {
        /// Speed of the best pass.
        let gflops: Double
        /// Share of the time that passed in which the threads had a core.
        let share: Double
    }

    private func gflops(threads: Int) throws -> Timing {
        let width = 512
        let batch = 64
        let model = Model(name: "profiler", input: [width], classes: width, layers: [Linear(width, width)])
        let plan = try Plan(model, batch: batch, purpose: .inference, threads: threads)
        let weights = model.initialWeights(seed: 1)
        try plan.load(weights.span)
        // Not zeros: denormal or zero operands may take another time.
        plan.withInput { input in
            for i in 0..<input.count { input[i] = Float(i % 17) / 16 }
        }
        for _ in 0..<2 { try plan.forward(batch) }
        var best = Duration.seconds(3600)
        let begin = ContinuousClock.now
        let processor = ProcessorTime.ofProcess
        func now() -> Duration { threads == 1 ? ProcessorTime.ofThread : ContinuousClock.now - begin }
        repeat {
            let start = now()
            try plan.forward(batch)
            best = min(best, now() - start)
        } while ContinuousClock.now - begin < .seconds(seconds)
        let share = (ProcessorTime.ofProcess - processor) / (ContinuousClock.now - begin) / Double(threads)
        return Timing(
            gflops: Double(model.forwardFlops * batch) / (best / .nanoseconds(1)), share: min(1, share))
    }

    /// MHz: the highest that the first core may run at, else what it runs at.
    private static func clock() -> Double? {
        let file = "/sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq"
        if let text = try? String(contentsOfFile: file, encoding: .utf8),
            let kilohertz = Double(text.filter { !$0.isWhitespace })
        {
            return kilohertz / 1000
        }
        guard let text = try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8) else { return nil }
        let line = text.split(separator: "\n").first { $0.hasPrefix("cpu MHz") }
        return line?.split(separator: ":").last.flatMap { Double($0.filter { !$0.isWhitespace }) }
    }
}
