import FedCore
import Federation
import MPI
import NeuralNet
import Records
import Runtime

/// Split training in one process: the server and every device, with the messages between them counted as if they were
/// sent. Weights, records and byte counts are those of a run with ranks.
final class LocalSplitExchange: Exchange {
    /// The model in two parts.
    private let split: SplitModel
    /// The server's half of the round.
    private let server: ServerRound
    /// Raised when the run is to end early.
    private let stopFlag: StopFlag
    private let timeline: Timeline
    /// Compiled device parts, used again by every round; as many as a group has clients.
    private var devices: [DevicePart] = []
    /// Room for a step's gradient, `[batch, features]`.
    private var gradient: [Float]
    /// Room for the change of a device's part.
    private var change: [Float]
    /// Bytes of the round, as messages between ranks would have them.
    private(set) var report = ExchangeReport()
    /// Nothing trains on other ranks, so the server has no time of its own beside training.
    let trainsElsewhere = false
    /// There are no other ranks to lose.
    let hasLostRanks = false

    /// Prepares for any number of rounds; device parts are compiled when they are needed.
    ///
    /// - Parameters:
    ///   - split: The model in two parts.
    ///   - stop: Checked before every step.
    ///   - timeline: Records phases and samples.
    init(_ split: SplitModel, stop: StopFlag, _ timeline: Timeline) {
        self.split = split
        self.timeline = timeline
        stopFlag = stop
        server = ServerRound(split)
        gradient = [Float](repeating: 0, count: split.batch * split.features)
        change = [Float](repeating: 0, count: split.front.parameterCount)
    }

    /// Trains a cohort, step by step on the calling thread, in the order in which the server takes steps.
    ///
    /// With a shared server part all devices of the cohort exist at once, since their steps alternate. With a copy for
    /// each client they are trained one after the other, in one device part.
    ///
    /// - Parameters:
    ///   - task: Training; other tasks need the whole model on a device.
    ///   - round: The round and its attempt.
    ///   - cohort: The clients to train.
    ///   - down: The whole model's weights, flat.
    ///   - tally: Receives each client's update.
    ///   - besideTraining: Not called, since nothing trains elsewhere.
    ///   - progressed: Told the samples trained so far, after each step.
    /// - Throws: `Interruption` when the run is asked to stop; `OneDNNError`.
    func run(
        _ task: ClientTask, round: RoundID, cohort: [Int], down: DownMessage, into tally: any AnswerReceiver,
        besideTraining: (_ heartbeat: () throws -> Void) throws -> Void,
        progressed: (Int) throws -> Void
    ) throws {
        precondition(task == .training, "devices that hold a part of the model cannot test it")
        report = ExchangeReport(upload: 0, download: 0)
        let down = down.weights.span
        try server.start(round, cohort: cohort, from: down)
        // Copies of their own do not need each other: one client after the other takes the least memory.
        let groups = split.serverPart == .shared ? [cohort] : cohort.map { [$0] }
        var trained = 0
        for group in groups {
            while devices.count < group.count { devices.append(try DevicePart(split)) }
            var deviceOf: [Int: DevicePart] = [:]
            timeline.enter(.load)
            for (client, device) in zip(group, devices) {
                try device.start(client, round, from: down.extracting(split.frontRange))
                deviceOf[client] = device
                report.download? += SplitTrainingMessage.orderBytes(split)
            }
            timeline.enter(.train)
            timeline.note(clients: group.count)
            while let device = nextDevice(of: group, deviceOf) {
                try stopFlag.check()
                trained += try step(device)
                timeline.tick()
                try progressed(trained)
            }
            timeline.enter(.aggregate)
            for client in group {
                if let device = deviceOf[client] { try finish(device, into: tally) }
            }
        }
    }

    /// The device whose step comes next; nil when the group's turns are over.
    private func nextDevice(of group: [Int], _ deviceOf: [Int: DevicePart]) -> DevicePart? {
        guard split.serverPart == .perClient else { return server.next.flatMap { deviceOf[$0] } }
        return group.first.flatMap { deviceOf[$0] }.flatMap { $0.isDone ? nil : $0 }
    }

    /// One step of both parts.
    ///
    /// - Returns: The samples that it was trained on.
    private func step(_ device: DevicePart) throws -> Int {
        let count = device.count
        timeline.note(samples: count)
        var gradient = self.gradient
        self.gradient = []  // or writing would copy it
        var span = gradient.mutableSpan
        var part = span.part(0..<count * split.features)
        try device.forward { features, labels in
            try server.take(device.client, features: features, labels: labels, gradient: &part)
        }
        try device.backward(part.span)
        self.gradient = gradient
        report.upload? += SplitTrainingMessage.featureBytes(split, count: count)
        report.download? += SplitTrainingMessage.gradientBytes(split, count: count)
        return count
    }

    /// Ends a client's turn: hands its update, of both parts, to the tally.
    private func finish(_ device: DevicePart, into tally: any AnswerReceiver) throws {
        var change = self.change
        self.change = []
        var span = change.mutableSpan
        try device.storeChange(into: &span)
        try server.finish(device.client, front: change.span, into: tally)
        self.change = change
        report.upload? += SplitTrainingMessage.partBytes(split)
    }

    /// Does nothing: no other rank waits to hear from this one.
    func heartbeat() {}

    func stop() {}

    func dismiss() {}
}
