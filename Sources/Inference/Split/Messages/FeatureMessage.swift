import MPI

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
