import MPI
import NeuralNet
import Runtime

/// The server's side of the run: takes whatever has arrived from the devices into one pass, and answers each device in
/// the order of its messages.
///
/// Passes adapt to the load: each takes all messages that are there when the one before is done, of any device, oldest
/// first, up to `maxBatch` images. With `maxWait` the oldest message may wait for more to share its pass, as long as a
/// device could send more. One thread polls and computes; memory is bounded by the places of the ``DeviceLane``s.
final class ServerStream {
    /// A message that has arrived and waits for its pass.
    private struct Waiting {
        /// Index of the device's lane: its rank − 1.
        let lane: Int
        /// The message's number.
        let sequence: Int
        /// Images in it.
        let images: Int
        /// When the server found it (`MonotonicClock`, ns).
        let arrived: Int
    }

    private let settings: SplitSettings
    private let back: BatchPlans
    private let codec: any FeatureCodec
    private let features: FeatureMessage
    private let lanes: [DeviceLane]
    private let watch: PeerWatch
    private let stop: StopFlag
    private let backoff: Backoff
    /// Told the rank of a device that is lost, and why.
    private let whenLost: (Int, String) -> Void
    /// Messages without a pass, in the order of arrival.
    private var waiting: [Waiting] = []
    /// Images of all messages in ``waiting``.
    private var waitingImages = 0
    /// The lane to look at first; it moves on with each look, so that no device is always last.
    private var firstLane = 0
    /// What was done so far; complete after ``run()``.
    private(set) var report = ServerReport()

    /// Allocates the places of all devices: for each `min(window, serverBytes / (devices · message))`, at least one.
    ///
    /// - Parameters:
    ///   - settings: Encoding, batch, window, memory and limits of a pass.
    ///   - back: The layers behind the cut, compiled for up to `maxBatch` images.
    ///   - expected: Images of each device, by rank from 1 on.
    ///   - communicator: The one of the run.
    ///   - watch: Watches the devices.
    ///   - stop: Raised when the run is to end early.
    ///   - backoff: How to wait between polls.
    ///   - whenLost: Told the rank of a device that is lost, and why.
    /// - Throws: ``ConfigurationError`` for an unknown encoding.
    init(
        _ settings: SplitSettings, back: BatchPlans, expected: [Int], on communicator: any Communicator,
        watch: PeerWatch, stop: StopFlag, backoff: Backoff, whenLost: @escaping (Int, String) -> Void
    ) throws {
        self.settings = settings
        self.back = back
        self.watch = watch
        self.stop = stop
        self.backoff = backoff
        self.whenLost = whenLost
        let codec = try FeatureCodecs.named(settings.features)
        self.codec = codec
        let features = FeatureMessage(
            words: codec.wordCount(elements: back.model.input.count), capacity: settings.batch)
        self.features = features
        let room = settings.serverBytes / max(1, expected.count * features.byteCount)
        let places = max(1, min(settings.window, room))
        lanes = expected.enumerated().map { device, images in
            DeviceLane(
                device + 1, expected: images, places: places, features: features,
                answers: AnswerMessage(capacity: settings.batch), on: communicator)
        }
        waiting.reserveCapacity(places * expected.count)
        report.places = places
    }

    /// Serves until every device has its answers or is lost. Blocks the calling thread, which polls and computes.
    ///
    /// - Throws: `Interruption` when the run is asked to stop; `MPIError`, `OneDNNError`. A device's errors only lose
    ///   that device.
    func run() throws {
        let processor = ProcessorClock.now
        let start = MonotonicClock.now
        for lane in lanes { try lane.post() }
        while !lanes.allSatisfy(\.isDone) {
            try stop.check()
            if try watch.look() { dropLost() }
            _ = try backoff.wait(until: .now + .milliseconds(20)) { () throws in try step() }
        }
        for lane in lanes where !lane.isLost { try lane.withdraw() }
        report.seconds = Double(MonotonicClock.now - start) / 1e9
        report.processorSeconds = Double(ProcessorClock.now - processor) / 1e9
    }

    /// Drops devices that the watch gives up, also those whose answers are all on their way: these may never leave.
    private func dropLost() {
        for lane in lanes where !lane.isDone && watch.isLost(lane.rank) {
            lose(lane, watch.reason(of: lane.rank))
        }
    }

    /// Gives a device up and drops its messages that wait for a pass.
    private func lose(_ lane: DeviceLane, _ reason: String) {
        lane.lose()
        waiting.removeAll { lanes[$0.lane] === lane }
        waitingImages = waiting.reduce(0) { $0 + $1.images }
        whenLost(lane.rank, reason)
    }

    /// Takes what has arrived, runs at most one pass, and posts receives in the places that became free.
    ///
    /// - Returns: Whether anything could be done, or everything is done.
    private func step() throws -> Bool {
        var hasProgress = try takeArrivals()
        if try serve() { hasProgress = true }
        for lane in lanes { try lane.post() }
        return hasProgress || lanes.allSatisfy(\.isDone)
    }

    /// Moves arrived messages to ``waiting``. A malformed message loses its device.
    ///
    /// - Returns: Whether there was one.
    private func takeArrivals() throws -> Bool {
        var hasProgress = false
        for i in lanes.indices {
            let index = (firstLane + i) % lanes.count
            let lane = lanes[index]
            do {
                while let images = try lane.takeArrival() {
                    let now = MonotonicClock.now
                    watch.noteHeard(lane.rank)
                    waiting.append(Waiting(lane: index, sequence: lane.nextArrival - 1, images: images, arrived: now))
                    waitingImages += images
                    hasProgress = true
                }
            } catch let error as MalformedMessage {
                lose(lane, "it sent \(error)")
            }
        }
        firstLane = (firstLane + 1) % lanes.count
        report.mostWaiting = max(report.mostWaiting, waiting.count)
        return hasProgress
    }

    /// Runs one pass if it is time for one: whole messages, oldest first, as many as fit into `maxBatch`.
    ///
    /// - Returns: Whether there was a pass.
    private func serve() throws -> Bool {
        guard let oldest = waiting.first else { return false }
        let now = MonotonicClock.now
        if settings.maxWait > 0, waitingImages < settings.maxBatch, mayMoreCome,
            now - oldest.arrived < Int(settings.maxWait * 1e9)
        {
            return false
        }
        var taken = 0
        var images = 0
        while taken < waiting.count, images + waiting[taken].images <= settings.maxBatch {
            images += waiting[taken].images
            taken += 1
        }
        let plan = back.plan(for: images)
        decode(taken, into: plan)
        try plan.forward(images)
        try answer(taken, by: plan, since: now)
        let end = MonotonicClock.now
        waiting.removeFirst(taken)
        waitingImages -= images
        report.passes += 1
        report.images += images
        report.largestPass = max(report.largestPass, images)
        report.computingSeconds += Double(end - now) / 1e9
        return true
    }

    /// Decodes the features of the first `taken` messages straight into a plan's input, one image behind another.
    private func decode(_ taken: Int, into plan: Plan) {
        let elements = back.model.input.count
        let (codec, features) = (codec, features)
        plan.withInput { input in
            var image = 0
            for i in 0..<taken {
                let message = lanes[waiting[i].lane].message(waiting[i].sequence)
                let first = image
                features.read(message, images: waiting[i].images) { number, words in
                    codec.decode(words, into: &input, at: (first + number) * elements, count: elements)
                }
                image += waiting[i].images
            }
        }
    }

    /// Writes and sends an answer for each message of a pass, in the order of ``waiting``.
    ///
    /// - Parameters:
    ///   - taken: Number of messages in the pass.
    ///   - plan: Holds the scores, `[images, classes]`.
    ///   - start: When the pass began (`MonotonicClock`, ns).
    private func answer(_ taken: Int, by plan: Plan, since start: Int) throws {
        let classes = back.model.classes
        var image = 0
        for i in 0..<taken {
            let (lane, images) = (lanes[waiting[i].lane], waiting[i].images)
            let slot = lane.answerSlot
            let first = image
            plan.withOutput { scores in
                AnswerMessage.write(images, to: slot) { number in
                    let row = (first + number) * classes
                    return Prediction(scores: scores.extracting(row..<row + classes))
                }
            }
            AnswerMessage.write(
                AnswerMessage.Header(
                    sequence: waiting[i].sequence, images: images, queuedNanoseconds: start - waiting[i].arrived,
                    servedNanoseconds: MonotonicClock.now - start), to: slot)
            try lane.sendAnswer(images: images)
            image += images
        }
    }

    /// Whether a device could send more before it is answered: otherwise `maxWait` would hold back a batch that no
    /// other message can join.
    private var mayMoreCome: Bool {
        lanes.contains { !$0.isLost && $0.received < $0.expected && $0.held < $0.places }
    }
}

/// What the server has done in a run; part of `split.json`.
public struct ServerReport: Sendable, Codable {
    /// Seconds from the common start until the last answer had left.
    public var seconds = 0.0
    /// The part of ``seconds`` in which it decoded, computed and wrote answers.
    public var computingSeconds = 0.0
    /// Processor time of its thread in ``seconds``, polling included.
    public var processorSeconds = 0.0
    /// Passes of the layers behind the cut; ``images`` / `passes` is the mean batch.
    public var passes = 0
    /// Images of all passes.
    public var images = 0
    /// Images of the largest pass.
    public var largestPass = 0
    /// The largest number of messages that waited for a pass at a time, of all devices.
    public var mostWaiting = 0
    /// Messages that the server holds of each device at most.
    public var places = 0
}
