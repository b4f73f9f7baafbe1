import MPI
import Runtime

/// A client's state on its way to the rank that trains it, point to point: round, attempt and client (UInt32 each), 0, the
/// floats.
enum StateMessage {
    static let headerBytes = 16

    static func byteCount(floats: Int) -> Int { headerBytes + floats * 4 }
}

/// The server's end: sends the states of the clients that a worker trains next.
final class StatePost {
    private let states: ClientStates
    private let control: any Communicator
    private var outgoing: [Parcel] = []

    init(_ states: ClientStates, control: any Communicator) {
        self.states = states
        self.control = control
    }

    /// Sends these clients' states without waiting for them to be received.
    func send(_ clients: some Sequence<Int>, to worker: Int, round: RoundID) throws {
        try advance()
        for client in clients {
            var message = Buffer<UInt8>(count: StateMessage.byteCount(floats: states.floats))
            message.withMutableSpan(of: UInt8.self, at: 0, count: StateMessage.headerBytes) { header in
                header.store(UInt32(round.number), at: 0)
                header.store(UInt32(round.attempt), at: 4)
                header.store(UInt32(client), at: 8)
            }
            try message.withMutableSpan(of: Float.self, at: StateMessage.headerBytes, count: states.floats) { state in
                try states.read(client, into: &state)
            }
            let request = try control.startSend(message, to: worker + 1, tag: ControlMessage.Tag.state)
            outgoing.append(Parcel(worker, request))
        }
    }

    /// Moves messages along, and frees those that have arrived.
    func advance() throws {
        try outgoing.advance()
    }

    /// Forgets what a lost worker will not receive.
    func withdraw(_ worker: Int) {
        outgoing.removeAll { $0.worker == worker }
    }
}

/// A worker's end: receives the states of the clients that it trains.
final class StateInbox {
    private let floats: Int
    private let control: any Communicator
    private var round = RoundID(0)
    private var states: [Int: Letter] = [:]
    private var incoming: [Parcel] = []

    private final class Letter {
        let message: Buffer<UInt8>
        init(_ message: consuming Buffer<UInt8>) { self.message = message }
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
            incoming.append(Parcel(0, request))
        }
        var underWay: [Parcel] = []
        for parcel in incoming {
            guard let message = try parcel.completed() else {
                underWay.append(parcel)
                continue
            }
            guard message.count == StateMessage.byteCount(floats: floats) else { continue }
            let (named, client) = message.withSpan(of: UInt8.self, at: 0, count: StateMessage.headerBytes) { header in
                (
                    RoundID(Int(header.load(UInt32.self, at: 0)), attempt: Int(header.load(UInt32.self, at: 4))),
                    Int(header.load(UInt32.self, at: 8))
                )
            }
            if named == round { states[client] = Letter(message) }
        }
        incoming = underWay
        return clients.allSatisfy { states[$0] != nil }
    }

    /// Copies a client's state out, which must be here.
    func take(_ client: Int, into state: inout MutableSpan<Float>) {
        guard let letter = states.removeValue(forKey: client) else { preconditionFailure("the state has not come") }
        letter.message.withSpan(of: Float.self, at: StateMessage.headerBytes, count: floats) { kept in
            for i in 0..<floats { state[unchecked: i] = kept[unchecked: i] }
        }
    }
}
