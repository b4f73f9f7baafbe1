import MPI

/// The server's side of one device: places for messages that come, each with a place for its answer.
///
/// Receives are posted in the order of the device's messages, as many as there are places, and a place is free again when
/// its answer has left. So no more is kept of a device than that, and what it sends beyond waits at the device.
final class DeviceLane {
    let rank: Int
    /// Images that the device is going to send.
    let expected: Int
    private let communicator: any Communicator
    private let arriving: [MessageSlot]
    private let leaving: [MessageSlot]
    private let features: FeatureMessage

    /// Numbers of messages: the next to post a receive for, to come, and to be answered.
    private var nextPost = 0
    private(set) var nextArrival = 0
    private(set) var nextAnswer = 0
    private(set) var received = 0
    private(set) var answered = 0
    private(set) var isLost = false

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

    var places: Int { arriving.count }

    /// Messages that have come and are not answered.
    var held: Int { nextArrival - nextAnswer }

    /// Nothing more is to be done for the device.
    var isDone: Bool { isLost || (answered == expected && leaving.allSatisfy(\.isIdle)) }

    /// Posts receives in the places that are free. Lets answers make progress.
    func post() throws(MPIError) {
        if isLost { return }
        for slot in leaving { _ = try slot.test() }
        // The messages before `nextAnswer` have given their places back, once the answers have left.
        while received < expected, nextPost < nextAnswer + places, leaving[nextPost % places].isIdle {
            try arriving[nextPost % places].startReceive(from: rank, tag: SplitTag.features, on: communicator)
            nextPost += 1
        }
    }

    /// The images of the next message if it has come. Messages come in the order in which they were sent.
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

    /// The features of a message that has come and is not answered.
    func message(_ sequence: Int) -> MessageSlot { arriving[sequence % places] }

    /// Where the next answer is to be written.
    var answerSlot: MessageSlot { leaving[nextAnswer % places] }

    /// Sends what was written to `answerSlot`.
    func sendAnswer(images: Int) throws(MPIError) {
        try answerSlot.startSend(
            AnswerMessage.bytes(images: images), to: rank, tag: SplitTag.answers, on: communicator)
        nextAnswer += 1
        answered += images
    }

    /// The device is gone, or not to be trusted. What is under way is left to itself: a long message of which MPI knows
    /// already cannot be withdrawn without its sender, and nobody would come to end the wait.
    func lose() { isLost = true }

    /// Withdraws the receives that nobody will answer: the device is well and sends nothing more.
    func withdraw() throws(MPIError) {
        while nextPost > nextArrival {
            nextPost -= 1
            try arriving[nextPost % places].cancelReceive()
        }
    }
}
