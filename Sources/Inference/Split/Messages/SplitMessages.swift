import MPI

/// What crosses between a device and the server, byte by byte; `docs/SPLIT.md` has it for other programs.
enum SplitTag {
    /// Features of a batch, device to server.
    static let features = 1
    /// Predictions for a batch, server to device.
    static let answers = 2
    /// Alive; both ways, on the control communicator.
    static let beat = 3
    /// A device's report at the end, on the control communicator.
    static let report = 4
    /// The server has all reports, on the control communicator.
    static let verdict = 5
    /// Ping-pong that measures the link.
    static let ping = 6
    /// A device has the verdict, on the control communicator.
    static let farewell = 7
}

/// A peer has sent what is no message of the protocol.
struct MalformedMessage: Error, CustomStringConvertible {
    let description: String
}

/// A batch of features: two Int64, the number of the message (from 0) and of its images; then the images' words.
struct FeatureMessage {
    static let headerBytes = 16

    /// Words of one image.
    let words: Int
    /// Images at most.
    let capacity: Int

    var byteCount: Int { bytes(images: capacity) }

    func bytes(images: Int) -> Int { Self.headerBytes + 4 * words * images }

    /// Writes a message; `encode` is given each image's number, all images' words, and where its own begin.
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

    /// The number of images in a message that was received.
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

    /// Gives each image's words to `decode`.
    func read(_ slot: MessageSlot, images: Int, _ decode: (Int, Span<UInt32>) -> Void) {
        slot.read(UInt32.self, at: Self.headerBytes, count: images * words) { all in
            for i in 0..<images { decode(i, all.extracting(i * words..<(i + 1) * words)) }
        }
    }
}

/// Predictions: four Int64, the number of the message answered, of its images, and for how many nanoseconds it waited at
/// the server and was worked on; then an Int32 for each image, its class; then a Float for each, that class's probability.
struct AnswerMessage {
    static let headerBytes = 32

    /// Images at most.
    let capacity: Int

    var byteCount: Int { Self.bytes(images: capacity) }

    static func bytes(images: Int) -> Int { headerBytes + 8 * images }

    /// An hour: a batch is not kept for longer.
    private static let longestNanoseconds = 3_600_000_000_000

    /// What an answer says beside its predictions.
    struct Header {
        var sequence: Int
        var images: Int
        var queuedNanoseconds: Int
        var servedNanoseconds: Int
    }

    static func write(_ header: Header, to slot: MessageSlot) {
        slot.write(Int64.self, at: 0, count: 4) { words in
            words[0] = Int64(header.sequence)
            words[1] = Int64(header.images)
            words[2] = Int64(header.queuedNanoseconds)
            words[3] = Int64(header.servedNanoseconds)
        }
    }

    static func write(_ predictions: Int, to slot: MessageSlot, _ prediction: (Int) -> Prediction) {
        slot.write(UInt32.self, at: headerBytes, count: 2 * predictions) { words in
            for i in 0..<predictions {
                let prediction = prediction(i)
                words[i] = UInt32(bitPattern: prediction.label)
                words[predictions + i] = prediction.probability.bitPattern
            }
        }
    }

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
    init(label: Int32, probability: Float) {
        self.label = label
        self.probability = probability
    }
}
