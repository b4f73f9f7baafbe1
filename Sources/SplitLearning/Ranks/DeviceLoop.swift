import FedCore
import Federation
import MPI
import NeuralNet
import Records
import Runtime

/// The server has sent what a device cannot work with: one of the two has a bug, or the bytes were damaged.
struct BadMessage: Error, CustomStringConvertible {
    let reason: String
    var description: String { "a message of the server is no good: \(reason)" }
}

/// A client rank of split training: has a device's part for each client it is given, sends features, and goes on with whichever
/// client's gradient comes back, until it is told that the run is over.
final class DeviceLoop: ClientWork {
    private let split: SplitModel
    private let contact: ServerContact
    private let communicator: any Communicator
    private let control: any Communicator
    private let timekeeper: Timekeeper
    private let timeline: Timeline
    private let faults: FaultInjector

    /// Made when they are needed first, and used again.
    private var idle: [DevicePart] = []
    /// Parts of the clients whose turns are under way.
    private var devices: [Int: DevicePart] = [:]
    private var outgoing: [PendingMessage] = []
    private var issue = 0
    private var round = RoundID(0)
    private var isFirstBatch = true
    /// Whose first features a fault is to spoil.
    private var firstClient: Int?

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

    var hasLostRanks: Bool { contact.hasLeftCollectives }

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
    private func nextMessage() throws -> SplitMessage? {
        timeline.enter(.wait, peer: 0)
        let tag = SplitMessage.Kind.order.tag
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
            return try SplitMessage(buffer)
        } catch {
            throw BadMessage(reason: error.line)
        }
    }

    /// Begins the turns of an order; those under way are given up.
    private func begin(_ order: borrowing SplitMessage) throws {
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

    /// Takes the step whose gradient has come, and begins the next.
    private func goOn(_ message: borrowing SplitMessage) throws {
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
            var message = SplitMessage(
                SplitMessage.Header(
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
        var message = SplitMessage(
            SplitMessage.Header(kind: .part, round: round, issue: issue, client: client, step: device.step),
            floats: split.front.parameterCount)
        try message.withMutableFloats { try device.storeChange(into: &$0) }
        faults.reach(.gather, round: round.number)
        timeline.note(clients: 1)
        try send(message, .part)
        devices[client] = nil
        idle.append(device)
        if devices.isEmpty { faults.reach(.broadcast, round: round.number + 1) }
    }

    private func send(_ message: consuming SplitMessage, _ kind: SplitMessage.Kind) throws {
        let (client, step) = (message.header.client, message.header.step)
        var buffer = message.sealed()
        if kind == .features, client == firstClient, step == 0, faults.spoils(.corrupt, round: round.number) {
            buffer[40] ^= 0xFF
        }
        timeline.note(bytesOut: buffer.count)
        outgoing.append(PendingMessage(0, try communicator.startSend(buffer, to: 0, tag: kind.tag)))
    }
}
