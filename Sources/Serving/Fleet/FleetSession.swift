public import MPI
public import Records
public import Runtime

/// What there is to be done by a fleet. Alike on every rank but for `task`, which only rank 0 calls.
public struct FleetPlan {
    public let fleet: Fleet
    /// Test images that the accuracy is taken over.
    public let images: Int
    public let variants: Int
    /// Devices of one host that serve at the same time.
    public let atOnce: Int
    /// Seconds of silence after which a rank is lost.
    public let failureTimeout: Double
    /// What a device's process is told.
    public let task: (_ index: Int, _ machine: DeviceProfiler.Machine, _ accuracies: [Double]) -> DeviceTask

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

/// What a fleet has come to. On rank 0.
public struct FleetResult {
    /// Measurements of each device; a missing device's has a `failure`.
    public let reports: [DeviceReport]
    /// By host.
    public let machines: [String: DeviceProfiler.Machine]
    /// Accuracy of each variant, in [0, 1].
    public let accuracies: [Double]
    /// The run was asked to stop before all devices had served.
    public let interruption: Interruption?
}

/// A fleet served over the ranks of a communicator: rank 0 hands out what is to be done, the others do it. Everything goes
/// point to point, so that nobody waits for anybody but rank 0 for the others, with a time limit.
public enum FleetSession {
    /// Serves the fleet. Collective: every rank calls it.
    ///
    /// - Parameters:
    ///   - stop: ends the run when it is raised; raise it on every rank.
    ///   - ready: called when all ranks are prepared; from here on the run can do without any rank but 0.
    ///   - released: called on other ranks than 0 when nothing is expected of them any longer.
    ///   - note: told, on rank 0, of ranks that are lost or back.
    /// - Returns: on rank 0 what came of it, and on every rank whether ranks were lost: MPI cannot be finalised then.
    /// - Throws: `Interruption` when the run is stopped before a device could serve, and on other ranks than 0 at any time;
    ///   `FleetServerLost`; what the work throws.
    public static func run(
        _ plan: FleetPlan, _ work: any FleetWork, on world: any Communicator, stop: StopFlag = StopFlag(),
        ready: () -> Void = {}, released: () -> Void = {}, note: @escaping (String) -> Void = { _ in }
    ) throws -> (result: FleetResult?, hasLostRanks: Bool) {
        let post = try FleetPost(world, failureTimeout: plan.failureTimeout, stop: stop)
        _ = try world.startBarrier().wait()
        ready()
        guard world.rank == 0 else { return (nil, try FleetWorker(post, work).run(released: released)) }
        let server = FleetServer(post, work, note: note)
        let result = try serve(plan, server, hosts: post.hosts)
        if result.interruption == nil { try server.dismiss(ranks: 0..<world.size) }
        return (result, server.hasLostRanks)
    }

    private static func serve(_ plan: FleetPlan, _ server: FleetServer, hosts: [String]) throws -> FleetResult {
        let machines = try measure(hosts, server)
        let accuracies = try accuracies(plan, server, ranks: hosts.count)
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
            try server.carryOut(items, atOnce: plan.atOnce, into: &outcomes)
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

    /// Each host's machine, by one of its ranks, while nobody else there computes.
    private static func measure(
        _ hosts: [String], _ server: FleetServer
    ) throws -> [String: DeviceProfiler.Machine] {
        let names = Set(hosts).sorted()
        let items = names.map { name in
            FleetServer.Item(ranks: hosts.indices.filter { hosts[$0] == name }, isDoneAgain: true) { _ in .machine }
        }
        var outcomes: [FleetServer.Outcome?] = []
        try server.carryOut(items, atOnce: 1, into: &outcomes)
        var machines: [String: DeviceProfiler.Machine] = [:]
        for (name, outcome) in zip(names, outcomes) {
            if case .machine(let machine)? = outcome?.answer { machines[name] = machine }
        }
        return machines
    }

    /// The ranks share the images out; the sums are exact, whoever is lost.
    private static func accuracies(_ plan: FleetPlan, _ server: FleetServer, ranks: Int) throws -> [Double] {
        let items = (0..<ranks).map { rank in
            let images = rank * plan.images / ranks..<(rank + 1) * plan.images / ranks
            return FleetServer.Item(ranks: (0..<ranks).map { (rank + $0) % ranks }, isDoneAgain: true) { _ in
                .accuracies(images)
            }
        }
        var outcomes: [FleetServer.Outcome?] = []
        try server.carryOut(items, atOnce: ranks, into: &outcomes)
        var correct = [Int](repeating: 0, count: plan.variants)
        for case .correct(let counts)? in outcomes.map({ $0?.answer }) {
            for (variant, count) in counts.enumerated() { correct[variant] += count }
        }
        return correct.map { Double($0) / Double(max(1, plan.images)) }
    }
}
