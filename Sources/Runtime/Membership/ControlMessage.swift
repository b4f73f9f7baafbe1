package import MPI

/// A small message beside the exchange, point to point on a communicator of its own: three Int64, little-endian on
/// every processor this runs on.
package struct ControlMessage: Equatable {
    /// What is said. Raw values travel.
    package enum Kind: Int64 {
        /// Server to worker: answer by a report.
        case ping = 1
        /// Server to worker: a rank is lost; collectives would never complete, so leave them for point-to-point orders.
        case leaveCollectives = 2
        /// Server to worker: it was silent for too long and is out; it is taken in again with its next order.
        case excluded = 3
        /// Server to worker: the run is over.
        case stop = 4
        /// Worker to server: alive, and so many samples of the round trained.
        case report = 5
        /// Worker to server: it has understood that the run is over.
        case shutdownAcknowledged = 6
        /// Worker to server: it is about to enter collective number `round`, at `value` on the clock of all ranks.
        case arrived = 7
        /// Server to worker: what to add to its clock is `value`, and `round` is the error.
        case clock = 8
        /// Worker to server: what collective number `round` brought was there at `value`.
        case received = 9
        /// Server to worker: no update is wanted any longer; what is being trained is left, up to an order to stop.
        case endOrders = 10
        /// Worker to server: rank `value`, which works under it, was lost in round `round`.
        case lostBelow = 11
    }

    /// What tells the messages on the control communicator apart.
    package enum Tag {
        package static let command = 1
        package static let report = 2
        /// A `RoundFrame` for one worker.
        package static let order = 3
        /// Update slots, one behind another.
        package static let updates = 4
        package static let arrival = 5
        /// Ping-pong that aligns the clocks: a ping is answered by a report of the worker's clock.
        package static let clock = 6
        /// What is for one client, before its work is done: its state, or a letter.
        package static let mail = 7
    }

    /// What is said.
    package var kind: Kind
    /// The round that it is about.
    package var round: Int
    /// A count that some kinds carry.
    package var value = 0

    /// Numbers of a message on its way.
    private static let words = 3

    /// Sends without waiting to be received. A message to a dead rank may never complete: its 24 bytes are leaked then.
    package func send(to rank: Int, tag: Int, on control: any Communicator) throws(MPIError) {
        var buffer = Buffer<Int64>(count: Self.words)
        buffer[0] = kind.rawValue
        buffer[1] = Int64(round)
        buffer[2] = Int64(value)
        var request = try control.startSend(buffer, to: rank, tag: tag)
        _ = try request.test()
    }

    /// The next message with this tag, if one has come. A message that is not one of these is dropped.
    package static func receive(
        from rank: Int? = nil, tag: Int, on control: any Communicator
    ) throws(MPIError) -> (source: Int, message: ControlMessage)? {
        while let status = try control.iprobe(from: rank, tag: tag) {
            var buffer = Buffer<Int64>(count: max(words, (status.byteCount + 7) / 8))
            try control.receive(into: &buffer, from: status.source, tag: tag)
            guard status.byteCount == words * 8, let kind = Kind(rawValue: buffer[0]) else { continue }
            return (status.source, ControlMessage(kind: kind, round: Int(buffer[1]), value: Int(buffer[2])))
        }
        return nil
    }
}
