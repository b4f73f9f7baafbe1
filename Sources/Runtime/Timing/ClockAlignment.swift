import FedCore
package import MPI

/// Finds how each rank's clock stands to rank 0's by ping-pong: rank 0 sends, a worker answers with its clock, and the
/// answer was given, as near as can be known, in the middle of the round trip. The shortest of several round trips
/// counts; the error is at most half of it.
///
/// F. Cristian, *Probabilistic clock synchronization*, Distributed Computing 3 (1989) 146–158.
///
/// One rank calls ``lead(on:patience:clock:)``, all others ``follow(on:patience:clock:)``, at the same time. Eight
/// round trips a rank, some microseconds each; message format in docs/WIRE.md, *Control messages*.
package enum ClockAlignment {
    /// The position of a worker's clock relative to rank 0's, in nanoseconds.
    package struct Offset: Equatable {
        /// What is added to the worker's clock to get rank 0's.
        var offset: Int
        /// The largest error of the offset.
        var error: Int

        /// Estimates from one round trip: `answered` on the worker's clock, the two others on rank 0's.
        init(sent: Int, answered: Int, received: Int) {
            offset = sent + (received - sent) / 2 &- answered
            error = (received - sent) / 2
        }

        /// Takes an offset as it was measured elsewhere.
        init(offset: Int, error: Int) {
            self.offset = offset
            self.error = error
        }
    }

    /// Round trips with each worker.
    private static let roundTrips = 8

    /// Rank 0's part: measures each worker in turn, and tells it. A worker that does not answer in time is left out,
    /// and so are all behind it; their clocks count as equal to rank 0's.
    /// - Parameters:
    ///   - control: for messages point to point.
    ///   - patience: time for all of them.
    ///   - clock: this rank's clock, in nanoseconds.
    package static func lead(
        on control: any Communicator, patience: Duration, clock: () -> Int = { MonotonicClock.now }
    ) throws(MPIError) {
        let deadline = ContinuousClock.now + patience
        for rank in 1..<max(control.size, 1) {
            var best: Offset?
            for trip in 0..<roundTrips {
                let sent = clock()
                try ControlMessage(kind: .ping, round: trip).send(to: rank, tag: ControlMessage.Tag.clock, on: control)
                var answer: ControlMessage?
                let hasCome = try Backoff.default.wait(until: deadline) { () throws(MPIError) in
                    answer = try ControlMessage.receive(from: rank, tag: ControlMessage.Tag.clock, on: control)?.message
                    return answer != nil
                }
                guard hasCome, let answer, answer.round == trip else { return }
                let measured = Offset(sent: sent, answered: answer.value, received: clock())
                if measured.error < best?.error ?? .max { best = measured }
            }
            guard let best else { return }
            try ControlMessage(kind: .clock, round: best.error, value: best.offset)
                .send(to: rank, tag: ControlMessage.Tag.clock, on: control)
        }
    }

    /// A worker's part: answers until it is told its offset.
    /// - Parameters:
    ///   - control: for messages point to point.
    ///   - patience: time until it gives up.
    ///   - clock: this rank's clock, in nanoseconds.
    /// - Returns: the offset; nil when the patience has ended.
    package static func follow(
        on control: any Communicator, patience: Duration, clock: () -> Int = { MonotonicClock.now }
    ) throws(MPIError) -> Offset? {
        let deadline = ContinuousClock.now + patience
        while true {
            var message: ControlMessage?
            // Each wait starts anew with tests that do not sleep: the answer is to be quick.
            let hasCome = try Backoff.default.wait(until: deadline) { () throws(MPIError) in
                message = try ControlMessage.receive(from: 0, tag: ControlMessage.Tag.clock, on: control)?.message
                return message != nil
            }
            guard hasCome, let message else { return nil }
            if message.kind == .clock { return Offset(offset: message.value, error: message.round) }
            try ControlMessage(kind: .report, round: message.round, value: clock())
                .send(to: 0, tag: ControlMessage.Tag.clock, on: control)
        }
    }
}
