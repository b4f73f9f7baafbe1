import MPI

/// The MPI tags of split inference. `docs/SPLIT.md` describes every message byte by byte, for other programs.
///
/// Features, answers and pings use the run's communicator, which may be a simulated slow link; the others use the
/// control communicator, which is never slowed.
enum SplitTag {
    /// Features of a batch, device to server.
    static let features = 1
    /// Predictions for a batch, server to device.
    static let answers = 2
    /// A sign of life of one byte, both ways (control).
    static let beat = 3
    /// A device's report at the end, as JSON (control).
    static let report = 4
    /// One byte from the rank that has collected the reports: whether ranks were lost (control).
    static let verdict = 5
    /// Ping-pong that measures the link, before the run.
    static let ping = 6
    /// A device has received the verdict, one byte (control).
    static let shutdownAcknowledged = 7
}

/// A peer has sent bytes that are no message of the protocol. The server treats such a device as lost, and the job
/// continues without it; on a device the error ends the job, since there is no other server.
struct MalformedMessage: Error, CustomStringConvertible {
    /// What was wrong, as the end of "it sent …".
    let description: String
}

/// The layout of a batch of features: two Int64, the number of the message (from 0) and of its images, then the images'
/// words, one image behind another. Little-endian.
///
/// A value that only knows sizes; the bytes are in a `MessageSlot`.
struct FeatureMessage {
    /// Bytes before the first image's words.
    static let headerBytes = 16

    /// Words of one encoded image, see ``FeatureCodec/wordCount(elements:)``.
    let words: Int
    /// Images at most.
    let capacity: Int

    /// Bytes of the longest message.
    var byteCount: Int { bytes(images: capacity) }

    /// Bytes of a message with so many images.
    func bytes(images: Int) -> Int { Self.headerBytes + 4 * words * images }

    /// Writes a message into a slot.
    ///
    /// - Parameters:
    ///   - slot: A slot that is idle, of at least ``byteCount`` bytes.
    ///   - sequence: Number of the message, from 0 for each device.
    ///   - images: Images in it, 0 < images ≤ capacity.
    ///   - encode: Called for each image with its number in the message, the words of all images, and the index of its
    ///     own first word.
    func write(
        to slot: MessageSlot, sequence: Int, images: Int, _ encode: (Int, inout MutableSpan<UInt32>, Int) -> Void
    ) {
        slot.write(Int64.self, at: 0, count: 2) { header in
            header[0] = Int64(sequence)
            header[1] = Int64(images)
        }
        slot.write(UInt32.self, at: Self.headerBytes, count: images * words) { all in
            for i in 0..<images { encode(i, &all, i * words) }
        }
    }

    /// Checks the header of a message that was received. Nothing in it is trusted: number, count and length must agree.
    ///
    /// - Parameters:
    ///   - slot: Holds the message, with its transfer complete.
    ///   - sequence: The number that the sender's next message must have.
    /// - Returns: The number of images, 0 < images ≤ capacity.
    /// - Throws: ``MalformedMessage`` when length, number or count are wrong.
    func images(in slot: MessageSlot, expecting sequence: Int) throws(MalformedMessage) -> Int {
        let length = slot.receivedBytes
        guard length >= Self.headerBytes else { throw MalformedMessage(description: "a message of \(length) bytes") }
        let (number, images) = slot.read(Int64.self, at: 0, count: 2) { ($0[0], $0[1]) }
        guard number == Int64(sequence) else {
            throw MalformedMessage(description: "message \(number) where \(sequence) was expected")
        }
        guard images > 0, images <= Int64(capacity), length == bytes(images: Int(images)) else {
            throw MalformedMessage(description: "a message of \(length) bytes for \(images) images")
        }
        return Int(images)
    }

    /// Calls `decode` for each image of a checked message, with its number in the message and its words.
    func read(_ slot: MessageSlot, images: Int, _ decode: (Int, Span<UInt32>) -> Void) {
        slot.read(UInt32.self, at: Self.headerBytes, count: images * words) { all in
            for i in 0..<images { decode(i, all.extracting(i * words..<(i + 1) * words)) }
        }
    }
}

/// The layout of the predictions for one message: four Int64 (the number of the message answered, its images, the
/// nanoseconds that it waited at the server, those from the start of its pass to this answer), then an Int32 for each
/// image, its class, then a Float for each, that class's probability. Little-endian.
///
/// A class and a probability are sent instead of the scores: 8 bytes an image, however many classes there are.
struct AnswerMessage {
    /// Bytes before the first class.
    static let headerBytes = 32

    /// Images of the longest answer: the run's batch.
    let capacity: Int

    /// Bytes of the longest answer.
    var byteCount: Int { Self.bytes(images: capacity) }

    /// Bytes of an answer for so many images.
    static func bytes(images: Int) -> Int { headerBytes + 8 * images }

    /// An hour, the longest time that an answer may report: no batch is kept longer, and latencies stay in a
    /// histogram's range.
    private static let longestNanoseconds = 3_600_000_000_000

    /// The header of an answer.
    struct Header {
        /// Number of the message that is answered.
        var sequence: Int
        /// Images of that message.
        var images: Int
        /// Nanoseconds from when the server saw the message to the start of its pass, by the server's clock.
        var queuedNanoseconds: Int
        /// Nanoseconds from the start of the pass to this answer, by the server's clock.
        var servedNanoseconds: Int
    }

    /// Writes the header; done last, when it is known how long the pass took.
    static func write(_ header: Header, to slot: MessageSlot) {
        slot.write(Int64.self, at: 0, count: 4) { words in
            words[0] = Int64(header.sequence)
            words[1] = Int64(header.images)
            words[2] = Int64(header.queuedNanoseconds)
            words[3] = Int64(header.servedNanoseconds)
        }
    }

    /// Writes the classes and probabilities.
    ///
    /// - Parameters:
    ///   - predictions: Images of the message.
    ///   - slot: An idle slot of at least ``byteCount`` bytes.
    ///   - prediction: Gives an image's prediction, by its number in the message.
    static func write(_ predictions: Int, to slot: MessageSlot, _ prediction: (Int) -> Prediction) {
        slot.write(UInt32.self, at: headerBytes, count: 2 * predictions) { words in
            for i in 0..<predictions {
                let prediction = prediction(i)
                words[i] = UInt32(bitPattern: prediction.label)
                words[predictions + i] = prediction.probability.bitPattern
            }
        }
    }

    /// Checks and reads the header of an answer that was received.
    ///
    /// - Parameters:
    ///   - slot: Holds the answer, with its transfer complete.
    ///   - sequence: The oldest message without an answer: answers come in order.
    ///   - images: Images of that message.
    /// - Throws: ``MalformedMessage`` when length, number, count or times are wrong.
    func header(of slot: MessageSlot, expecting sequence: Int, images: Int) throws(MalformedMessage) -> Header {
        let length = slot.receivedBytes
        guard length == Self.bytes(images: images) else {
            throw MalformedMessage(description: "an answer of \(length) bytes for \(images) images")
        }
        let header = slot.read(Int64.self, at: 0, count: 4) {
            Header(
                sequence: Int(truncatingIfNeeded: $0[0]), images: Int(truncatingIfNeeded: $0[1]),
                queuedNanoseconds: Int($0[2]), servedNanoseconds: Int($0[3]))
        }
        guard header.sequence == sequence, header.images == images else {
            throw MalformedMessage(
                description: "answer \(header.sequence) for \(header.images) images where \(sequence) was expected")
        }
        for time in [header.queuedNanoseconds, header.servedNanoseconds]
        where !(0...Self.longestNanoseconds).contains(time) {
            throw MalformedMessage(description: "an answer that says it took \(time) ns")
        }
        return header
    }

    /// Calls `body` for each image of a checked answer, with its number in the message and its prediction.
    func read(_ slot: MessageSlot, images: Int, _ body: (Int, Prediction) -> Void) {
        slot.read(UInt32.self, at: Self.headerBytes, count: 2 * images) { words in
            for i in 0..<images {
                let probability = Float(bitPattern: words[images + i])
                body(i, Prediction(label: Int32(bitPattern: words[i]), probability: probability))
            }
        }
    }
}

extension Prediction {
    /// A prediction as it was received.
    init(label: Int32, probability: Float) {
        self.label = label
        self.probability = probability
    }
}
