import FedCore
import Federation
import MPI
import NeuralNet
import Records
import Runtime

/// A message of the server that a device cannot work with: one of the two has a bug, or the bytes were damaged. It ends
/// the job, since what the rank was to do is unknown.
struct BadMessage: Error, CustomStringConvertible {
    /// What is wrong, in words.
    let reason: String
    var description: String { "a message of the server is no good: \(reason)" }
}

/// The work of a client rank: holds a device's part for each client that it is given, sends features, and continues
/// with whichever client's gradient comes back, until it is told that the run is over. While one client's features are
/// with the server, the others compute.
///
/// Everything runs on one thread, which sleeps while there is nothing to do. Memory: a compiled part for each client
/// that the rank has at a time.
final class DeviceLoop: ClientWork {
    private let split: SplitModel
    /// Watches the server while this rank waits or computes.
    private let contact: ServerContact
    /// Carries orders, features, gradients and parts.
    private let communicator: any Communicator
    /// Carries the alignment of clocks at the end of the run.
    private let control: any Communicator
    /// Records where this rank's time goes.
    private let timekeeper: Timekeeper
    private let timeline: Timeline
    /// Faults to be injected into this rank, for tests (`--inject`).
    private var faults: FaultInjector

    /// Compiled parts that no client has; made when they are first needed and used again.
    private var idle: [DevicePart] = []
    /// Parts of the clients whose turns are under way.
    private var devices: [Int: DevicePart] = [:]
    /// Messages whose transfer is not complete.
    private var outgoing: [PendingMessage] = []
    /// Number of the order that is carried out; messages of earlier ones are ignored.
    private var issue = 0
    /// The round that is under way.
    private var round = RoundID(0)
    /// Whether no step of this order has been taken yet; only for faults that are injected.
    private var isFirstBatch = true
    /// The client whose first features an injected fault is to spoil.
    private var firstClient: Int?

    /// Compiles the first device part, so that an error shows before the first round.
    ///
    /// - Parameters:
    ///   - split: The model in two parts.
    ///   - channels: The rank's communicators, and its timekeeper.
    ///   - contact: Watches the server, and knows whether the run is to stop.
    init(_ split: SplitModel, _ channels: Channels, contact: ServerContact) throws {
        self.split = split
        self.contact = contact
        communicator = channels.communicator
        control = channels.control
        timekeeper = channels.timekeeper
        timeline = timekeeper.timeline
        faults = FaultInjector(
            try split.job.settings.inject.map { try Fault($0) }, rank: channels.communicator.rank)
        idle = [try DevicePart(split)]
    }

    /// Whether ranks were lost, so that collectives are avoided.
    var hasLostRanks: Bool { contact.hasLeftCollectives }

    /// Serves until the run is over. Blocks.
    ///
    /// - Throws: ``BadMessage``; what `contact` throws when the server is lost.
    func run() throws {
        faults.reach(.broadcast, round: 1)
        while let message = try nextMessage() {
            switch message.header.kind {
            case .order:
                try begin(message)
            case .gradient:
                try goOn(message)
            case .end:
                // Something of a client that was left out may be under way; the server takes it in, and forgets it.
                try contact.wait {
                    try outgoing.advance()
                    return outgoing.isEmpty || contact.isStopped
                }
                try contact.acknowledgeShutdown()
                return try timekeeper.end(on: control)
            case .features, .part:
                break
            }
        }
    }

    /// Waits for the next message of the server; nil when the run is over.
    ///
    /// - Throws: ``BadMessage`` when it is damaged.
    private func nextMessage() throws -> SplitTrainingMessage? {
        timeline.enter(.wait, peer: 0)
        let tag = SplitTrainingMessage.Kind.order.tag
        var arrived: Status?
        try contact.wait {
            try outgoing.advance()
            timeline.tick()
            arrived = try communicator.iprobe(from: 0, tag: tag)
            return arrived != nil || contact.isStopped
        }
        guard let arrived else { return nil }
        var request = try communicator.startReceive(
            into: Buffer<UInt8>(count: arrived.byteCount), from: 0, tag: tag)
        try contact.wait { try request.test() }
        let buffer = try request.wait()
        timeline.enter(.broadcast, peer: 0)
        timeline.note(bytesIn: buffer.count)
        do throws(UpdateSlot.Defect) {
            return try SplitTrainingMessage(buffer)
        } catch {
            throw BadMessage(reason: error.line)
        }
    }

    /// Begins the turns of an order, with the first batch of each client; turns under way are given up.
    private func begin(_ order: borrowing SplitTrainingMessage) throws {
        issue = order.header.issue
        round = order.header.round
        timeline.round = round.number
        isFirstBatch = true
        contact.startRound(round.number)
        idle += devices.values
        devices = [:]
        timeline.enter(.load)
        timeline.note(clients: order.words)
        let clients = order.withWords { words in words.indices.map { Int(UInt32(bitPattern: words[$0])) } }
        guard order.floats == split.front.parameterCount, clients.allSatisfy({ $0 < split.job.settings.clients })
        else { throw BadMessage(reason: "it orders what this rank does not have") }
        for client in clients {
            let device = try idle.popLast() ?? DevicePart(split)
            try order.withFloats { try device.start(client, round, from: $0) }
            devices[client] = device
        }
        firstClient = clients.first { devices[$0]?.isDone == false }
        for client in clients {
            if let device = devices[client] { try advance(device) }
        }
    }

    /// Takes the step whose gradient has come, and begins the next. A gradient of an order that was given up is
    /// ignored.
    private func goOn(_ message: borrowing SplitTrainingMessage) throws {
        let header = message.header
        guard header.issue == issue, let device = devices[header.client], header.step == device.step else { return }
        timeline.enter(.train)
        let count = device.count
        guard message.floats == count * split.features else {
            throw BadMessage(reason: "it holds \(message.floats) numbers, not \(count * split.features)")
        }
        try message.withFloats { try device.backward($0) }
        timeline.note(samples: count)
        try contact.trained(count)
        if isFirstBatch { faults.reach(.train, round: round.number) }
        isFirstBatch = false
        try advance(device)
    }

    /// Sends the next batch's features; at the end of the turn, how the device's part has changed.
    private func advance(_ device: DevicePart) throws {
        let client = device.client
        guard device.isDone else {
            timeline.enter(.train)
            let count = device.count
            var message = SplitTrainingMessage(
                SplitTrainingMessage.Header(
                    kind: .features, round: round, issue: issue, client: client, step: device.step),
                floats: count * split.features, words: count)
            try device.forward { features, labels in
                message.withMutableFloats { floats in
                    for i in 0..<features.count { floats[unchecked: i] = features[unchecked: i] }
                }
                message.withMutableWords { words in
                    for i in 0..<labels.count { words[unchecked: i] = labels[unchecked: i] }
                }
            }
            if client == firstClient, device.step == 0, faults.spoils(.nan, round: round.number) {
                message.withMutableFloats { $0[0] = .nan }
            }
            return try send(message, .features)
        }
        timeline.enter(.encode)
        var message = SplitTrainingMessage(
            SplitTrainingMessage.Header(kind: .part, round: round, issue: issue, client: client, step: device.step),
            floats: split.front.parameterCount)
        try message.withMutableFloats { try device.storeChange(into: &$0) }
        faults.reach(.gather, round: round.number)
        timeline.note(clients: 1)
        try send(message, .part)
        devices[client] = nil
        idle.append(device)
        if devices.isEmpty { faults.reach(.broadcast, round: round.number + 1) }
    }

    /// Seals a message and starts its transfer to the server.
    private func send(_ message: consuming SplitTrainingMessage, _ kind: SplitTrainingMessage.Kind) throws {
        let (client, step) = (message.header.client, message.header.step)
        var buffer = message.sealed()
        if kind == .features, client == firstClient, step == 0, faults.spoils(.corrupt, round: round.number) {
            buffer[40] ^= 0xFF
        }
        timeline.note(bytesOut: buffer.count)
        outgoing.append(PendingMessage(0, try communicator.startSend(buffer, to: 0, tag: kind.tag)))
    }
}
