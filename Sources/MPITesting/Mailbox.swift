import MPI

/// The messages and receives of one rank of one communicator, in order, so that messages do not overtake each other.
///
/// At any moment no message matches a receive: a new message takes the first receive that it matches, a new
/// receive the first message. These are the two queues of an MPI library, unexpected messages and posted
/// receives, and the order that MPI asks for (MPI 3.1 §3.5). All of it happens under the fabric's lock.
struct Mailbox {
    /// A message that was sent and not yet received, with a copy of its bytes.
    ///
    /// The copy costs memory that a library would not spend on long messages, and makes the sender's buffer
    /// free of other threads.
    struct Message {
        /// The sender's rank in the communicator.
        let source: Int
        /// The tag that the sender gave.
        let tag: Int
        /// The contents, copied when the message was sent.
        let bytes: [UInt8]
        /// The sender's type, which the receiver's must be (MPI 3.1 §3.3.1).
        let datatype: Datatype
        /// The sender's transfer, which completes when the message is received; nil if it is short enough to be
        /// buffered.
        let send: ThreadTransfer?

        /// What a probe or a receive says of the message.
        var status: Status { Status(source: source, tag: tag, byteCount: bytes.count) }

        /// Whether a receive takes the message.
        ///
        /// - Parameters:
        ///   - source: the rank that it asks for; nil for any.
        ///   - tag: the tag that it asks for; nil for any.
        func matches(source: Int?, tag: Int?) -> Bool {
            (source ?? self.source) == self.source && (tag ?? self.tag) == self.tag
        }
    }

    /// A receive that waits for its message.
    struct Receive {
        /// The receiver's memory; it stays in place until the transfer is complete or withdrawn.
        let region: MemoryRegion
        /// The sender's rank that the receiver asks for; nil for any.
        let source: Int?
        /// The tag that the receiver asks for; nil for any.
        let tag: Int?
        /// The receiver's transfer, which completes or fails when a message matches.
        let transfer: ThreadTransfer
    }

    /// The messages that nobody has received, oldest first.
    private var messages: [Message] = []
    /// The receives that wait, oldest first.
    private var receives: [Receive] = []

    /// Gives a message to the first receive that it matches, or keeps it.
    mutating func deliver(_ message: Message) {
        guard let i = receives.firstIndex(where: { message.matches(source: $0.source, tag: $0.tag) }) else {
            messages.append(message)
            return
        }
        Self.match(receives.remove(at: i), message)
    }

    /// Takes the first message that a receive matches, or keeps the receive.
    mutating func post(_ receive: Receive) {
        guard let i = messages.firstIndex(where: { $0.matches(source: receive.source, tag: receive.tag) }) else {
            receives.append(receive)
            return
        }
        Self.match(receive, messages.remove(at: i))
    }

    /// Removes a receive; no message that comes later goes to it.
    mutating func withdraw(_ transfer: ThreadTransfer) {
        receives.removeAll { $0.transfer === transfer }
    }

    /// The status of the first message that matches, which stays where it is; nil if there is none.
    ///
    /// - Complexity: O(messages waiting).
    func probe(source: Int?, tag: Int?) -> Status? {
        messages.first { $0.matches(source: source, tag: tag) }?.status
    }

    /// Moves a message into its receive and completes both sides.
    ///
    /// The receive fails if the types differ or the message is longer than its region. The sender is done also
    /// then, as with a library: it does not learn of a truncated message.
    private static func match(_ receive: Receive, _ message: Message) {
        message.send?.state = .complete(nil)
        let function = receive.transfer.function
        if message.datatype != receive.region.datatype, !message.bytes.isEmpty {
            receive.transfer.state = .failed(
                MPIError(
                    function: function, code: 3,
                    message: "a message of \(message.datatype) received as \(receive.region.datatype)"))
        } else if message.bytes.count > receive.region.byteCount {
            receive.transfer.state = .failed(
                MPIError(
                    function: function, code: 15,
                    message: "message truncated: \(message.bytes.count) bytes into \(receive.region.byteCount)"))
        } else {
            if let base = receive.region.base {
                message.bytes.withUnsafeBytes {
                    UnsafeMutableRawBufferPointer(start: base, count: $0.count).copyMemory(from: $0)
                }
            }
            receive.transfer.state = .complete(message.status)
        }
    }
}
