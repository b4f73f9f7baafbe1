import MPI

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
