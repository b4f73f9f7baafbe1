public import MPI
public import Records
public import Runtime

/// What a fleet is to do. Alike on every rank but for ``task``, which only rank 0 calls.
public struct FleetPlan {
    /// The devices and who serves as which.
    public let fleet: Fleet
    /// Test images that the accuracy is counted over.
    public let images: Int
    /// Number of models.
    public let variants: Int
    /// Devices of one host that serve at the same time. More than one disturb each other's times.
    public let atOnce: Int
    /// Seconds of silence after which a rank is lost.
    public let failureTimeout: Double
    /// Makes what a device's process is told, from the device's index, the machine that stands in for it, and each
    /// variant's accuracy in [0, 1].
    public let task: (_ index: Int, _ machine: DeviceProfiler.Machine, _ accuracies: [Double]) -> DeviceTask
    /// What is followed while devices serve, on rank 0; nil: nothing.
    public var following: ReleaseFollowing?

    /// A plan.
    ///
    /// - Parameters:
    ///   - fleet: The devices.
    ///   - images: Test images that the accuracy is counted over.
    ///   - variants: Number of models.
    ///   - atOnce: Devices of one host that serve at the same time, ≥ 1.
    ///   - failureTimeout: Seconds of silence after which a rank is lost.
    ///   - task: Makes what a device's process is told; called on rank 0.
    public init(
        fleet: Fleet, images: Int, variants: Int, atOnce: Int, failureTimeout: Double,
        task: @escaping (_ index: Int, _ machine: DeviceProfiler.Machine, _ accuracies: [Double]) -> DeviceTask
    ) {
        self.fleet = fleet
        self.images = images
        self.variants = variants
        self.atOnce = atOnce
        self.failureTimeout = failureTimeout
        self.task = task
    }
}

/// What a fleet has come to, on rank 0.
public struct FleetResult {
    /// A report for each device, in their order; a missing device's has a `failure`.
    public let reports: [DeviceReport]
    /// The measured machines, by host.
    public let machines: [String: DeviceProfiler.Machine]
    /// Accuracy of each variant on the test images, in [0, 1].
    public let accuracies: [Double]
    /// Why the run was ended before all devices had served; nil: it was not.
    public let interruption: Interruption?
}

/// How far a fleet has come.
public struct FleetProgress: Sendable {
    /// A list of work. Raw values are words for who watches.
    public enum Stage: String, Sendable {
        /// Each host's machine is measured.
        case machines = "measuring machines"
        /// What each model gets right is counted, a share of the images at a time.
        case accuracies = "counting accuracies"
        /// Devices serve.
        case devices = "serving devices"
    }

    /// What is done at present.
    public let stage: Stage
    /// Items of it that are over.
    public let done: Int
    /// All its items, ≥ 1.
    public let all: Int
}

/// A fleet served over the ranks of a communicator: rank 0 hands out what is to be done, the others do it. Everything
/// goes point to point, and only rank 0 waits for others, with a time limit: a rank or a device that is lost costs
/// itself.
///
/// Three lists of work follow each other: each host's machine is measured, accuracies are counted, devices serve.
public enum FleetSession {
    /// Serves the fleet. Collective: every rank calls it, and it blocks until rank 0 lets the rank go.
    ///
    /// - Parameters:
    ///   - plan: Alike on every rank.
    ///   - work: What this rank can do.
    ///   - world: All ranks of the job.
    ///   - stop: Ends the run when it is raised; raise it on every rank.
    ///   - ready: Called when all ranks are prepared; from here on the run can do without any rank but 0.
    ///   - released: Called on ranks other than 0 when nothing is expected of them any more.
    ///   - note: Told, on rank 0, of ranks that are lost or back, in words for a user.
    ///   - progress: Told, on rank 0, how far it has come; called often, so it must return at once.
    /// - Returns: The result on rank 0, nil elsewhere; and on every rank whether ranks were lost, so that MPI cannot be
    ///   finalised.
    /// - Throws: `Interruption` when the run is stopped before a device could serve, and on ranks other than 0 at any
    ///   time; ``FleetServerLost``; what the work throws.
    public static func run(
        _ plan: FleetPlan, _ work: any FleetWork, on world: any Communicator, stop: StopFlag = StopFlag(),
        ready: () -> Void = {}, released: () -> Void = {}, note: @escaping (String) -> Void = { _ in },
        progress: (FleetProgress) -> Void = { _ in }
    ) throws -> (result: FleetResult?, hasLostRanks: Bool) {
        let channel = try FleetChannel(world, failureTimeout: plan.failureTimeout, stop: stop)
        _ = try world.startBarrier().wait()
        ready()
        guard world.rank == 0 else { return (nil, try FleetWorker(channel, work).run(released: released)) }
        let server = FleetServer(channel, work, note: note)
        let result = try serve(plan, server, hosts: channel.hosts, progress)
        if result.interruption == nil { try server.dismiss(ranks: 0..<world.size) }
        return (result, server.hasLostRanks)
    }

    /// Rank 0's part: the three lists of work, then a report for every device, also for those that are missing. An
    /// interruption while devices serve keeps what is done.
    private static func serve(
        _ plan: FleetPlan, _ server: FleetServer, hosts: [String], _ progress: (FleetProgress) -> Void
    ) throws -> FleetResult {
        let machines = try measure(hosts, server, progress)
        let accuracies = try accuracies(plan, server, ranks: hosts.count, progress)
        let devices = plan.fleet.devices
        var outcomes: [FleetServer.Outcome?] = []
        var interruption: Interruption?
        // The machine of the host that cannot be lost stands in where a device's own is not known.
        guard let here = machines[hosts[0]] else { preconditionFailure("rank 0 measures its host") }
        let items = devices.indices.map { index in
            FleetServer.Item(ranks: plan.fleet.ranks(for: index, of: hosts.count), isDoneAgain: false) { rank in
                .device(plan.task(index, machines[hosts[rank]] ?? here, accuracies))
            }
        }
        do {
            try server.carryOut(
                items, atOnce: plan.atOnce, following: plan.following, names: devices.map(\.name),
                progress: { progress(FleetProgress(stage: .devices, done: $0, all: items.count)) }, into: &outcomes)
        } catch let error as Interruption {
            interruption = error
        }
        let reports = devices.indices.map { index in
            if case .device(let report)? = outcomes[index]?.answer { return report }
            var report = DeviceReport(index: index, device: plan.task(index, here, accuracies).device)
            if case .missing(let reason)? = outcomes[index] {
                report.failure = reason
            } else {
                report.failure = "not served: \(interruption.map { "\($0)" } ?? "the run has ended")"
            }
            return report
        }
        return FleetResult(
            reports: reports, machines: machines, accuracies: accuracies, interruption: interruption)
    }

    /// Measures each host's machine by one of its ranks, while nobody else there computes; hosts at the same time.
    ///
    /// - Returns: Machines by host; a host whose ranks are all lost is missing.
    private static func measure(
        _ hosts: [String], _ server: FleetServer, _ progress: (FleetProgress) -> Void
    ) throws -> [String: DeviceProfiler.Machine] {
        let names = Set(hosts).sorted()
        let items = names.map { name in
            FleetServer.Item(ranks: hosts.indices.filter { hosts[$0] == name }, isDoneAgain: true) { _ in .machine }
        }
        var outcomes: [FleetServer.Outcome?] = []
        try server.carryOut(
            items, atOnce: 1,
            progress: { progress(FleetProgress(stage: .machines, done: $0, all: items.count)) }, into: &outcomes)
        var machines: [String: DeviceProfiler.Machine] = [:]
        for (name, outcome) in zip(names, outcomes) {
            if case .machine(let machine)? = outcome?.answer { machines[name] = machine }
        }
        return machines
    }

    /// Counts what each variant gets right. The ranks share the images out, and what a lost rank owed is counted by
    /// others; sums are of whole numbers, so the figure is the same.
    ///
    /// - Returns: Accuracy by variant, in [0, 1].
    private static func accuracies(
        _ plan: FleetPlan, _ server: FleetServer, ranks: Int, _ progress: (FleetProgress) -> Void
    ) throws -> [Double] {
        let items = (0..<ranks).map { rank in
            let images = rank * plan.images / ranks..<(rank + 1) * plan.images / ranks
            return FleetServer.Item(ranks: (0..<ranks).map { (rank + $0) % ranks }, isDoneAgain: true) { _ in
                .accuracies(images)
            }
        }
        var outcomes: [FleetServer.Outcome?] = []
        try server.carryOut(
            items, atOnce: ranks,
            progress: { progress(FleetProgress(stage: .accuracies, done: $0, all: items.count)) }, into: &outcomes)
        var correct = [Int](repeating: 0, count: plan.variants)
        for case .correct(let counts)? in outcomes.map({ $0?.answer }) {
            for (variant, count) in counts.enumerated() { correct[variant] += count }
        }
        return correct.map { Double($0) / Double(max(1, plan.images)) }
    }
}
