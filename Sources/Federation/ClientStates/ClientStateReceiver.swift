import MPI
import Records
import Runtime

/// A worker's end: receives the states of the clients that it trains.
final class ClientStateReceiver {
    private let floats: Int
    private let control: any Communicator
    private var round = RoundID(0)
    private var states: [Int: Message] = [:]
    private var incoming: [PendingMessage] = []

    private final class Message {
        let bytes: Buffer<UInt8>
        init(_ bytes: consuming Buffer<UInt8>) { self.bytes = bytes }
    }

    init(floats: Int, control: any Communicator) {
        self.floats = floats
        self.control = control
    }

    /// Takes in what has come; states of other rounds and attempts are dropped.
    /// - Returns: whether all of these clients' states are here.
    func hasAll(_ clients: some Sequence<Int>, of round: RoundID) throws -> Bool {
        if round != self.round {
            self.round = round
            states.removeAll()
        }
        while let status = try control.iprobe(from: 0, tag: ControlMessage.Tag.state) {
            // Without waiting for its end: the server may be gone before that.
            let request = try control.startReceive(
                into: Buffer<UInt8>(count: status.byteCount), from: 0, tag: ControlMessage.Tag.state)
            incoming.append(PendingMessage(0, request))
        }
        var underWay: [PendingMessage] = []
        for pending in incoming {
            guard let message = try pending.completed() else {
                underWay.append(pending)
                continue
            }
            guard message.count == StateMessage.byteCount(floats: floats) else { continue }
            let (named, client) = message.withSpan(of: UInt8.self, at: 0, count: StateMessage.headerBytes) { header in
                (
                    RoundID(Int(header.load(UInt32.self, at: 0)), attempt: Int(header.load(UInt32.self, at: 4))),
                    Int(header.load(UInt32.self, at: 8))
                )
            }
            if named == round { states[client] = Message(message) }
        }
        incoming = underWay
        return clients.allSatisfy { states[$0] != nil }
    }

    /// Copies a client's state out, which must be here.
    func take(_ client: Int, into state: inout MutableSpan<Float>) {
        guard let message = states.removeValue(forKey: client) else { preconditionFailure("the state has not come") }
        message.bytes.withSpan(of: Float.self, at: StateMessage.headerBytes, count: floats) { kept in
            for i in 0..<floats { state[unchecked: i] = kept[unchecked: i] }
        }
    }
}
