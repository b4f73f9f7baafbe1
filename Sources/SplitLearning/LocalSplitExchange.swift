import FedCore
import Federation
import MPI
import NeuralNet
import Records
import Runtime

/// Split training in one process: the server and every device, with the messages between them counted but not sent.
final class LocalSplitExchange: Exchange {
    private let split: SplitModel
    private let server: ServerRound
    private let stopFlag: StopFlag
    private let timeline: Timeline
    private var devices: [DevicePart] = []
    private var gradient: [Float]
    private var change: [Float]
    private(set) var report = ExchangeReport()
    let trainsElsewhere = false
    let hasLostRanks = false

    init(_ split: SplitModel, stop: StopFlag, _ timeline: Timeline) {
        self.split = split
        self.timeline = timeline
        stopFlag = stop
        server = ServerRound(split)
        gradient = [Float](repeating: 0, count: split.batch * split.features)
        change = [Float](repeating: 0, count: split.front.parameterCount)
    }

    func run(
        _ task: ClientTask, round: RoundID, cohort: [Int], down: Span<Float>, into tally: any AnswerReceiver,
        besideTraining: (_ heartbeat: () throws -> Void) throws -> Void,
        progressed: (Int) -> Void
    ) throws {
        precondition(task == .training, "devices that hold a part of the model cannot test it")
        report = ExchangeReport(upload: 0, download: 0)
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
                report.download? += SplitMessage.orderBytes(split)
            }
            timeline.enter(.train)
            timeline.note(clients: group.count)
            while let device = nextDevice(of: group, deviceOf) {
                try stopFlag.check()
                trained += try step(device)
                timeline.tick()
                progressed(trained)
            }
            timeline.enter(.aggregate)
            for client in group {
                if let device = deviceOf[client] { try finish(device, into: tally) }
            }
        }
    }

    private func nextDevice(of group: [Int], _ deviceOf: [Int: DevicePart]) -> DevicePart? {
        guard split.serverPart == .perClient else { return server.next.flatMap { deviceOf[$0] } }
        return group.first.flatMap { deviceOf[$0] }.flatMap { $0.isDone ? nil : $0 }
    }

    /// - Returns: the samples it was trained on.
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
        report.upload? += SplitMessage.featureBytes(split, count: count)
        report.download? += SplitMessage.gradientBytes(split, count: count)
        return count
    }

    private func finish(_ device: DevicePart, into tally: any AnswerReceiver) throws {
        var change = self.change
        self.change = []
        var span = change.mutableSpan
        try device.storeChange(into: &span)
        try server.finish(device.client, front: change.span, into: tally)
        self.change = change
        report.upload? += SplitMessage.partBytes(split)
    }

    func heartbeat() {}

    func stop() {}

    func dismiss() {}
}
