import Datasets
import FedCore
import Inference
import NeuralNet
import Runtime

/// Serves as one device, in a process of its own: takes the device's limits upon itself, benchmarks the models,
/// chooses, and answers the load. `fedmpi` starts such a process for each device, because limits cannot be taken back,
/// and a device that runs out of memory must not end a rank or another device.
public struct DeviceServer {
    private let task: DeviceTask
    /// Where releases come in; nil where none are followed.
    private let desk: ReleaseDesk?

    /// A server for one device; nothing is read or limited yet.
    ///
    /// - Parameter desk: Where releases come in while it serves; nil: none do.
    public init(_ task: DeviceTask, desk: ReleaseDesk? = nil) {
        self.task = task
        self.desk = desk
    }

    /// Serves. Blocks until the load is over. Limits this process irrevocably, so it is called once in a process.
    ///
    /// Models and images are read before memory is limited, since reading needs more than serving. The program itself
    /// counts against the device's memory, and a device that cannot hold it is refused before any limit.
    ///
    /// - Returns: The report; a device that no model fits is in it as refused.
    /// - Throws: ``ConfigurationError`` when a model or the data set cannot be read; `OneDNNError`.
    public func run() throws -> DeviceReport {
        var report = DeviceReport(index: task.index, device: task.device)
        var variants: [Variant] = []
        for model in task.models { variants.append(try Variant(reading: model.path)) }
        let test = try Datasets.standard.open(task.dataset, options: task.datasetOptions).test
        // Spread over the test set, as it may be sorted.
        let count = min(task.images, test.count)
        let images = Images((0..<count).map { UInt32($0 * test.count / count) }, of: test)

        report.programBytes = ProcessLimits.residentBytes().now
        let budget = task.budget.restricted(to: task.device, tier: task.tierCounts ? report.tier.tier : nil)
        report.budget = budget
        if let limit = budget.memoryBytes, Double(report.programBytes) > limit {
            report.isRefused = true
            report.failure =
                "the program takes \(Quantity.text(Double(report.programBytes) / 1e6)) MB before it serves; "
                + "there are \(Quantity.text(limit / 1e6))"
            return report
        }
        takeLimits(&report)
        var clock = clock(report)

        var candidates: [Candidate] = []
        var plans: [any InferencePlan] = []
        for (variant, model) in zip(variants, task.models) {
            let plan = try variant.plan(batch: 1)
            let latency = try LatencyBenchmarker().run(plan, images: images, clock: clock).latency
            candidates.append(
                Candidate(variant, name: model.name ?? variant.name, accuracy: model.accuracy, latency: latency))
            plans.append(plan)
        }
        // Beside the models' own tensors: the code that oneDNN made for them, too.
        report.programBytes = max(
            report.programBytes, ProcessLimits.residentBytes().now - candidates.reduce(0) { $0 + $1.memoryBytes })
        let selector = ModelSelector(candidates, budget: budget, programBytes: report.programBytes)
        report.verdicts = selector.verdicts
        report.ladder = selector.ladder
        if let refusal = selector.refusal {
            report.isRefused = true
            report.failure = refusal
            return report
        }
        // Serving begins at 0, and where aliases are followed in real time: people move them.
        clock = self.clock(report, isPaced: task.followedRelease != nil)
        let engine = AdaptiveInferenceEngine(
            selector.ladder.map {
                AdaptiveInferenceEngine.Step(
                    name: candidates[$0].name, plan: plans[$0], service: candidates[$0].mean)
            },
            policy: task.policy, clock: clock)
        let engines = EngineSuccession(
            engine, selector, clock: clock, follow: follow(report, budget, images, like: variants[0].model))
        var loop = RequestLoop(engines, images: images, clock: clock, sliceSeconds: task.load.sliceSeconds)
        let results = try loop.run(task.load, seed: task.seed, device: task.index)
        engines.finish()
        (report.verdicts, report.ladder) = (engines.verdicts, engines.ladder)
        (report.epochs, report.trials) = (engines.epochs, engines.trials)
        report.take(results)
        report.slices = loop.slices
        report.switches = engines.switches
        report.peakBytes = ProcessLimits.residentBytes().peak
        return report
    }

    /// What the device needs to take releases over; nil where none are followed.
    private func follow(
        _ report: DeviceReport, _ budget: Budget, _ images: Images, like model: Model
    ) -> EngineSuccession.Follow? {
        guard let desk, let name = task.followedRelease else { return nil }
        let loader = ReleaseLoader(
            images: images, budget: budget, slowdown: max(1, report.slowdown), input: model.input.extents,
            classes: model.classes)
        return EngineSuccession.Follow(
            desk: desk, load: { desk.load($0, by: loader) }, policy: task.policy, name: name, seed: task.seed,
            device: task.index)
    }

    /// The clock that the device lives by, starting at 0: slowed where the device is simulated.
    private func clock(_ report: DeviceReport, isPaced: Bool = false) -> any ServingClock {
        report.slowdown > 1 ? SlowedClock(factor: report.slowdown, isPaced: isPaced) : RealClock()
    }

    /// Puts the stated limits on this process, and decides which figures are simulated; writes both into the report.
    ///
    /// Memory and cores can be limited by any process. A slower core is simulated by multiplied times. A CPU share is
    /// kept by a control group where there is one and the core is not simulated anyway, and is multiplied into the
    /// slowdown otherwise: virtual time and a kernel's quota cannot be mixed.
    private func takeLimits(_ report: inout DeviceReport) {
        let device = task.device
        var isEnforced = false
        if device.origin(of: .ramMegabytes) == .stated {
            if !task.enforcesLimits {
                report.limits.append("memory not limited, as asked for")
            } else if ProcessLimits.limitMemory(toMegabytes: device.ramMegabytes) {
                report.limits.append(
                    "memory held to \(Quantity.text(device.ramMegabytes)) MB by the kernel (RLIMIT_DATA)")
            } else {
                report.limits.append("memory not limited: the kernel refuses")
            }
        }
        if device.origin(of: .cores) == .stated, device.cores < task.machine.cores {
            if !task.enforcesLimits {
                report.limits.append("cores not limited, as asked for")
            } else if ProcessLimits.limitCores(to: device.cores, from: task.index) {
                report.limits.append("held to \(device.cores == 1 ? "1 core" : "\(device.cores) cores") (affinity)")
            } else {
                report.limits.append("cores not limited: the kernel refuses")
            }
        }
        var slowdown = task.coreSlowdown
        if slowdown > 1 {
            report.limits.append(
                "a core of \(Quantity.text(device.gflopsPerCore)) GFLOP/s simulated: times × "
                    + "\(Quantity.text(slowdown)), as one here has \(Quantity.text(task.machine.gflopsPerCore))")
        }
        if device.origin(of: .gflops) == .stated, device.gflopsPerCore > task.machine.gflopsPerCore {
            report.limits.append(
                "a core of \(Quantity.text(device.gflopsPerCore)) GFLOP/s is faster than one here with "
                    + "\(Quantity.text(task.machine.gflopsPerCore)): times are this machine's")
        }
        if device.cpuShare < 1 {
            let percent = "\(Quantity.text(100 * device.cpuShare)) % of a core"
            if slowdown > 1 {
                slowdown /= device.cpuShare
                report.limits.append("\(percent) simulated, as the core is")
            } else if let group = task.controlGroup, ControlGroup.join(group) {
                isEnforced = true
                report.limits.append("\(percent) kept by the kernel (control group)")
            } else {
                slowdown /= device.cpuShare
                let reason = task.controlGroupRefusal ?? "the kernel lets the process into no control group"
                report.limits.append("\(percent) simulated: \(reason)")
            }
        }
        report.slowdown = slowdown
        report.figures = slowdown > 1 ? .simulated : isEnforced ? .enforced : .measured
    }
}
