import MPI

/// The server's side of one device: places for messages that arrive, each with a place for its answer.
///
/// Receives are posted in the order of the device's messages, one for each free place, and a place is free again when
/// its answer has left. That is the run's back-pressure: the server never keeps more than `places` messages of a
/// device, and what the device sends beyond waits at the device, whose window fills.
///
/// Messages are numbered from 0. At any time `nextAnswer ≤ nextArrival ≤ nextPost ≤ nextAnswer + places`; message `n`
/// and its answer use place `n mod places`.
final class DeviceLane {
    /// The device's rank, ≥ 1.
    let rank: Int
    /// Images that the device is going to send in the run.
    let expected: Int
    private let communicator: any Communicator
    /// The places for messages.
    private let arriving: [MessageSlot]
    /// The places for answers, one behind each of `arriving`.
    private let leaving: [MessageSlot]
    private let features: FeatureMessage

    /// Number of the next message to post a receive for.
    private var nextPost = 0
    /// Number of the next message to arrive.
    private(set) var nextArrival = 0
    /// Number of the next message to be answered.
    private(set) var nextAnswer = 0
    /// Images that have arrived.
    private(set) var received = 0
    /// Images whose answer has been given to MPI.
    private(set) var answered = 0
    /// Whether the device is given up, see ``lose()``.
    private(set) var isLost = false

    /// Allocates the places; no receive is posted yet.
    ///
    /// - Parameters:
    ///   - rank: The device's rank.
    ///   - expected: Images that it is going to send.
    ///   - places: Messages to hold at most, > 0.
    ///   - features: Layout of its messages.
    ///   - answers: Layout of their answers.
    ///   - communicator: The one of the run.
    init(
        _ rank: Int, expected: Int, places: Int, features: FeatureMessage, answers: AnswerMessage,
        on communicator: any Communicator
    ) {
        self.rank = rank
        self.expected = expected
        self.communicator = communicator
        self.features = features
        arriving = (0..<places).map { _ in MessageSlot(byteCount: features.byteCount) }
        leaving = (0..<places).map { _ in MessageSlot(byteCount: answers.byteCount) }
    }

    /// Messages that are held of the device at most.
    var places: Int { arriving.count }

    /// Messages that have arrived and are not answered.
    var held: Int { nextArrival - nextAnswer }

    /// Whether nothing more is to be done for the device: it is lost, or all its answers have left.
    var isDone: Bool { isLost || (answered == expected && leaving.allSatisfy(\.isIdle)) }

    /// Posts a receive in each free place, and lets answers make progress. Called after every pass; does not block.
    func post() throws(MPIError) {
        if isLost { return }
        for slot in leaving { _ = try slot.test() }
        // The messages before `nextAnswer` have given their places back, once the answers have left.
        while received < expected, nextPost < nextAnswer + places, leaving[nextPost % places].isIdle {
            try arriving[nextPost % places].startReceive(from: rank, tag: SplitTag.features, on: communicator)
            nextPost += 1
        }
    }

    /// Takes the next message if it has arrived. MPI keeps the order of messages between two ranks, so only the oldest
    /// posted receive is tested.
    ///
    /// - Returns: The number of its images; nil when none has arrived.
    /// - Throws: ``MalformedMessage`` for a message that is none, or with more images than are due.
    func takeArrival() throws -> Int? {
        guard !isLost, nextArrival < nextPost, try arriving[nextArrival % places].test() else { return nil }
        let images = try features.images(in: arriving[nextArrival % places], expecting: nextArrival)
        guard received + images <= expected else {
            throw MalformedMessage(description: "\(received + images) images where \(expected) were expected")
        }
        received += images
        nextArrival += 1
        return images
    }

    /// The slot with the features of a message that has arrived and is not answered.
    func message(_ sequence: Int) -> MessageSlot { arriving[sequence % places] }

    /// The slot for the answer to the oldest message that is not answered.
    var answerSlot: MessageSlot { leaving[nextAnswer % places] }

    /// Starts to send what was written to ``answerSlot``.
    ///
    /// - Parameter images: Images of the message that is answered.
    func sendAnswer(images: Int) throws(MPIError) {
        try answerSlot.startSend(
            AnswerMessage.bytes(images: images), to: rank, tag: SplitTag.answers, on: communicator)
        nextAnswer += 1
        answered += images
    }

    /// Gives the device up: it is gone, or not to be trusted. Transfers under way are left to themselves: a long
    /// message of which MPI knows already cannot be cancelled without its sender, and nobody would come to end the
    /// wait.
    func lose() { isLost = true }

    /// Cancels the receives that no message will come for, at the end: the device lives and sends nothing more. MPI
    /// must not be finalised with receives pending.
    func withdraw() throws(MPIError) {
        while nextPost > nextArrival {
            nextPost -= 1
            try arriving[nextPost % places].cancelReceive()
        }
    }
}
