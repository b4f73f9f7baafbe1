import MPI

/// How far the workers are within a round: small messages, a few a second, only when somebody watches.
enum Progress {
    static let tag = 77
    static let interval: Duration = .milliseconds(200)

    /// A worker's side: sends `[round, samples so far]`, never waits for it to be received.
    final class Reporter {
        private let communicator: any Communicator
        private var round = 0
        private var samples = 0
        private var last = ContinuousClock.now
        private var pending: Request<Buffer<Int64>>?

        init(_ communicator: any Communicator) {
            self.communicator = communicator
        }

        func startRound(_ round: Int) {
            self.round = round
            samples = 0
            last = .now
        }

        func trained(_ count: Int) throws {
            samples += count
            let now = ContinuousClock.now
            guard now - last >= Progress.interval else { return }
            last = now
            if var request = pending.take() {
                guard try request.test() else {
                    pending = consume request
                    return
                }
                _ = try request.wait()
            }
            var message = Buffer<Int64>(count: 2)
            message[0] = Int64(round)
            message[1] = Int64(samples)
            pending = try communicator.startSend(message, to: 0, tag: Progress.tag)
        }

        /// Completes the last message. The server must have stopped waiting for rounds, and drained.
        func finish() throws {
            if let request = pending.take() { _ = try request.wait() }
        }
    }

    /// The server's side: what each worker said last.
    final class Listener {
        private let communicator: any Communicator
        private var samplesOfWorker: [Int]

        init(_ communicator: any Communicator) {
            self.communicator = communicator
            samplesOfWorker = [Int](repeating: 0, count: communicator.size - 1)
        }

        func startRound() {
            for worker in samplesOfWorker.indices { samplesOfWorker[worker] = 0 }
        }

        /// Receives what has arrived; the samples trained so far in the round.
        func poll(round: Int) throws -> Int {
            while let status = try communicator.iprobe(from: nil, tag: Progress.tag) {
                var message = Buffer<Int64>(count: 2)
                _ = try communicator.receive(into: &message, from: status.source, tag: Progress.tag)
                // Bounded, so that no sum of them overflows.
                let samples = min(max(message[1], 0), Int64(UInt32.max))
                if message[0] == Int64(round) { samplesOfWorker[status.source - 1] = Int(samples) }
            }
            return samplesOfWorker.reduce(0, +)
        }
    }
}
