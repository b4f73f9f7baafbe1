import FedCore
import Foundation
import NeuralNet

/// Measures the machine that it runs on: speed, memory bandwidth, cores, memory, clock.
///
/// The speed is that of a fully connected layer of 512 by 512 on 64 samples, through oneDNN as the models are computed.
/// The best of many short passes counts, since a pass can only be disturbed towards slower. One thread is timed by its
/// processor time, all of them by the time that passes. The bandwidth is that of `Triad`. Cores, memory and clock are
/// what the operating system says.
public struct DeviceProfiler: Sendable {
    /// Seconds for each of the three timings (one thread, all threads, memory), > 0.
    public var seconds: Double

    /// A profiler.
    ///
    /// - Parameter seconds: For each of the three timings. The default, under half a second in all, gives figures that
    ///   repeat within some per cent.
    public init(seconds: Double = 0.12) {
        self.seconds = seconds
    }

    /// How often all threads are timed at most, while other processes take the cores from them.
    private static let attempts = 3

    /// Measures the machine. Local to the rank; blocks for about half a second, a little longer where the machine is
    /// busy. Whoever computes on the same host at the same time spoils it, so a fleet has one rank of each host measure
    /// while the others wait.
    ///
    /// - Parameter name: Name of the profile.
    /// - Returns: The machine. `profile.gflops` is the speed of one thread times the cores, so that `gflopsPerCore` is
    ///   what one thread reaches; `gflopsOfAllThreads` is what the cores reach together.
    /// - Throws: `OneDNNError`.
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

    /// The measurements of a machine, with a sign of whether they can be trusted.
    public struct Machine: Sendable, Codable, Equatable {
        /// The machine as the device that it is.
        public var profile: DeviceProfile
        /// GFLOP/s of one pass that all cores share: less than their sum, since they share clock, caches and memory.
        public var gflopsOfAllThreads: Double
        /// Share of the cores' time that this pass got, in [0, 1]; other processes, or a limit on this one, took the
        /// rest.
        public var processorShare: Double

        /// The share that a pass gets at least on an idle machine.
        static let leastShare = 0.75

        /// Whether others took so much of the cores that ``gflopsOfAllThreads`` may be too low, and it is: less than three quarters of
        /// what the cores have together. Output says so.
        public var isBusy: Bool {
            processorShare < Self.leastShare && gflopsOfAllThreads < Self.leastShare * profile.gflops
        }

        /// A measured machine.
        ///
        /// - Parameters:
        ///   - profile: With the speed of one thread times the cores.
        ///   - gflopsOfAllThreads: Of a pass that all cores share.
        ///   - processorShare: Share of the cores' time that this pass got.
        public init(profile: DeviceProfile, gflopsOfAllThreads: Double, processorShare: Double = 1) {
            self.profile = profile
            self.gflopsOfAllThreads = gflopsOfAllThreads
            self.processorShare = processorShare
        }
    }

    /// A measured speed.
    private struct Timing {
        /// GFLOP/s of the best pass.
        let gflops: Double
        /// Share of the time that passed in which the threads had a core, in [0, 1].
        let share: Double
    }

    /// Times passes of one layer for ``seconds``.
    ///
    /// - Parameter threads: Threads of a pass. With one, processor time counts; with more, the time that passes, which
    ///   is what they share.
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

    /// The first core's highest clock in MHz, else its present one; nil where the kernel does not say.
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
