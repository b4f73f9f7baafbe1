import MPI
import NeuralNet
import Runtime

/// A device's side of the run: computes the features of one batch after another and streams them to the server, with up
/// to `window` batches unanswered.
///
/// The device's layers, the transfer and the server's layers overlap, since nothing here blocks: sends, receives and
/// answers are polled by one thread, the one that computes. Nothing is allocated for a message: each place in the
/// window owns memory for a batch of features and for its answer, and is used again.
final class DeviceStream {
    /// A place in the window: one batch on its way, from when the device turns to it until its answer has come.
    private final class Flight {
        /// The features on the way to the server.
        let up: MessageSlot
        /// The answer to them, for which a receive is posted before they are sent.
        let down: MessageSlot
        /// The first request of the batch.
        var first = 0
        /// Images of the batch.
        var count = 0
        /// When the device turned to the batch (`MonotonicClock`, ns).
        var started = 0
        /// When its features had been given to MPI (`MonotonicClock`, ns).
        var sent = 0

        init(upBytes: Int, downBytes: Int) {
            up = MessageSlot(byteCount: upBytes)
            down = MessageSlot(byteCount: downBytes)
        }
    }

    private let settings: SplitSettings
    private let communicator: any Communicator
    private let front: FrontStage
    private let codec: any FeatureCodec
    private let features: FeatureMessage
    private let answers: AnswerMessage
    private let watch: PeerWatch
    private let stop: StopFlag
    private let backoff: Backoff
    private let arrivals: Arrivals
    private let flights: [Flight]
    private let requests: Int

    /// Requests whose features have been computed and sent.
    private var computed = 0
    /// Requests that have a prediction. Answers come in the order of batches, so these are the first `done` requests.
    private(set) var done = 0
    /// Number of the next message to send, from 0.
    private var nextSequence = 0
    /// Number of the oldest message without an answer.
    private var oldestSequence = 0
    /// The common start of the run (`MonotonicClock`, ns).
    private var start = 0
    /// When answers were last looked for (`MonotonicClock`, ns).
    private var lastLook = 0
    /// Whether layers ran since ``lastLook``: an answer that is found may then have come at any time meanwhile.
    private var hasComputedSinceLook = false
    private var report: SplitDeviceReport

    /// Allocates the window and draws the arrivals.
    ///
    /// - Parameters:
    ///   - settings: Batch, window, encoding, rate and seed of the run.
    ///   - front: The layers before the cut.
    ///   - requests: Images that this device classifies; with 0 nothing is sent.
    ///   - devices: Number of devices, which share `settings.rate`.
    ///   - communicator: Carries features and answers; the simulated link, if there is one.
    ///   - watch: Watches rank 0.
    ///   - stop: Raised when the run is to end early.
    ///   - backoff: How to wait between polls.
    /// - Throws: ``ConfigurationError`` for an unknown encoding.
    init(
        _ settings: SplitSettings, front: FrontStage, requests: Int, devices: Int, on communicator: any Communicator,
        watch: PeerWatch, stop: StopFlag, backoff: Backoff
    ) throws {
        self.settings = settings
        self.communicator = communicator
        self.front = front
        self.requests = requests
        self.watch = watch
        self.stop = stop
        self.backoff = backoff
        codec = try FeatureCodecs.named(settings.features)
        let elements = front.model.output.count
        features = FeatureMessage(words: codec.wordCount(elements: elements), capacity: settings.batch)
        answers = AnswerMessage(capacity: settings.batch)
        arrivals =
            settings.rate.map {
                Arrivals(count: requests, rate: $0 / Double(devices), seed: settings.seed, rank: communicator.rank)
            } ?? .atOnce
        let (up, down) = (features.byteCount, answers.byteCount)
        flights = (0..<settings.window).map { _ in Flight(upBytes: up, downBytes: down) }
        report = SplitDeviceReport(
            rank: communicator.rank, labels: [Int32](repeating: -1, count: requests), answered: 0, seconds: 0,
            computingSeconds: 0, processorSeconds: 0, messages: 0, sentBytes: 0, receivedBytes: 0, mostInFlight: 0,
            latencies: StageLatencies(), lostServer: false)
    }

    /// Runs until each request has a prediction, or the server is lost. Blocks the calling thread, which computes and
    /// polls.
    ///
    /// - Returns: The report. If `lostServer` is set, requests from ``done`` on have the label −1.
    /// - Throws: `Interruption` when the run is asked to stop; ``MalformedMessage`` for an answer that is none;
    ///   `MPIError`, `OneDNNError`.
    func run() throws -> SplitDeviceReport {
        let processor = ProcessorClock.now
        start = MonotonicClock.now
        lastLook = start
        while done < requests {
            try stop.check()
            let now = MonotonicClock.now
            _ = try watch.look()
            if watch.isLost(0) {
                report.lostServer = true
                break
            }
            // Woken when the next image comes, and often enough to look at the watch.
            var pause = 20_000_000
            if inFlight < flights.count, computed < requests, let next = arrivals.time(of: computed) {
                pause = min(pause, max(0, start + next - now))
            }
            _ = try backoff.wait(until: .now + .nanoseconds(pause)) { () throws in try step() }
        }
        report.answered = done
        report.seconds = Double(MonotonicClock.now - start) / 1e9
        report.processorSeconds = Double(ProcessorClock.now - processor) / 1e9
        return report
    }

    /// Messages that are not answered yet; at most the window.
    private var inFlight: Int { nextSequence - oldestSequence }

    /// Takes answers, then computes and sends at most one batch, so that answers are looked for between any two
    /// batches.
    ///
    /// - Returns: Whether anything could be done.
    private func step() throws -> Bool {
        var hasProgress = try takeAnswers()
        guard computed < requests, inFlight < flights.count else { return hasProgress }
        let flight = flights[nextSequence % flights.count]
        // Answered, though the library has not said that it was sent: its memory is still the library's.
        guard try flight.up.test() else { return hasProgress }
        let most = min(settings.batch, requests - computed)
        let count = arrivals.count(from: computed, at: MonotonicClock.now - start, most: most)
        if count > 0 {
            try send(count, in: flight)
            hasProgress = true
        }
        return hasProgress
    }

    /// Computes the features of the next requests, encodes them straight into a slot, and starts their transfer.
    ///
    /// - Parameters:
    ///   - count: Images, 0 < count ≤ batch.
    ///   - flight: A free place: answered, and its last send complete.
    private func send(_ count: Int, in flight: Flight) throws {
        flight.first = computed
        flight.count = count
        flight.started = MonotonicClock.now
        let (codec, features, sequence) = (codec, features, nextSequence)
        let elements = front.model.output.count
        try front.run(from: computed, count: count) { output in
            features.write(to: flight.up, sequence: sequence, images: count) { i, words, start in
                codec.encode(output.extracting(i * elements..<(i + 1) * elements), into: &words, at: start)
            }
        }
        try flight.down.startReceive(from: 0, tag: SplitTag.answers, on: communicator)
        try flight.up.startSend(features.bytes(images: count), to: 0, tag: SplitTag.features, on: communicator)
        flight.sent = MonotonicClock.now
        hasComputedSinceLook = true
        computed += count
        nextSequence += 1
        report.computingSeconds += Double(flight.sent - flight.started) / 1e9
        report.messages += 1
        report.sentBytes += features.bytes(images: count)
        report.mostInFlight = max(report.mostInFlight, inFlight)
    }

    /// Takes the answers that have come, in the order of the batches, and lets sends make progress.
    ///
    /// - Returns: Whether there was one.
    private func takeAnswers() throws -> Bool {
        var hasProgress = false
        for sequence in oldestSequence..<nextSequence { _ = try flights[sequence % flights.count].up.test() }
        let unseen = hasComputedSinceLook ? MonotonicClock.now - lastLook : 0
        while oldestSequence < nextSequence {
            let flight = flights[oldestSequence % flights.count]
            guard try flight.down.test() else { break }
            let now = MonotonicClock.now
            watch.noteHeard(0)
            let header = try answers.header(of: flight.down, expecting: oldestSequence, images: flight.count)
            answers.read(flight.down, images: flight.count) { i, prediction in
                report.labels[flight.first + i] = prediction.label
            }
            record(flight, header, at: now, unseen: unseen)
            report.receivedBytes += AnswerMessage.bytes(images: flight.count)
            done = flight.first + flight.count
            oldestSequence += 1
            hasProgress = true
        }
        lastLook = MonotonicClock.now
        hasComputedSinceLook = false
        return hasProgress
    }

    /// Splits a batch's time into stages and records them, once for each image (``StageLatencies``).
    ///
    /// - Parameters:
    ///   - flight: The batch that is answered.
    ///   - header: How long the server says that it kept the batch, by its own clock. Only differences of one clock are
    ///     used, so clocks need not agree.
    ///   - now: When the answer was found.
    ///   - unseen: Nanoseconds of computation since the last look, in which the answer may have come already: counted
    ///     as queue, not as network, up to the time on the way.
    private func record(_ flight: Flight, _ header: AnswerMessage.Header, at now: Int, unseen: Int) {
        let onTheWay = max(0, now - flight.sent - header.queuedNanoseconds - header.servedNanoseconds)
        let unseen = min(unseen, onTheWay)
        let count = flight.count
        report.latencies.device.record(nanoseconds: flight.sent - flight.started, count: count)
        report.latencies.network.record(nanoseconds: onTheWay - unseen, count: count)
        report.latencies.server.record(nanoseconds: header.servedNanoseconds, count: count)
        let queued = header.queuedNanoseconds + unseen
        guard arrivals.isOpen else {
            report.latencies.queue.record(nanoseconds: queued, count: count)
            report.latencies.total.record(nanoseconds: now - flight.started, count: count)
            return
        }
        for request in flight.first..<flight.first + count {
            let arrival = start + (arrivals.time(of: request) ?? 0)
            report.latencies.queue.record(nanoseconds: flight.started - arrival + queued)
            report.latencies.total.record(nanoseconds: now - arrival)
        }
    }
}
