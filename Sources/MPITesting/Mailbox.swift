import MPI

/// The messages and receives of one rank of one communicator, in order, so that messages do not overtake each other.
struct Mailbox {
    struct Message {
        let source: Int
        let tag: Int
        let bytes: [UInt8]
        let datatype: Datatype
        /// Completes when the message is received, if it is too long to be buffered.
        let send: ThreadTransfer?

        var status: Status { Status(source: source, tag: tag, byteCount: bytes.count) }

        func matches(source: Int?, tag: Int?) -> Bool {
            (source ?? self.source) == self.source && (tag ?? self.tag) == self.tag
        }
    }

    struct Receive {
        let region: MemoryRegion
        let source: Int?
        let tag: Int?
        let transfer: ThreadTransfer
    }

    private var messages: [Message] = []
    private var receives: [Receive] = []

    mutating func deliver(_ message: Message) {
        guard let i = receives.firstIndex(where: { message.matches(source: $0.source, tag: $0.tag) }) else {
            messages.append(message)
            return
        }
        Self.match(receives.remove(at: i), message)
    }

    mutating func post(_ receive: Receive) {
        guard let i = messages.firstIndex(where: { $0.matches(source: receive.source, tag: receive.tag) }) else {
            receives.append(receive)
            return
        }
        Self.match(receive, messages.remove(at: i))
    }

    mutating func withdraw(_ transfer: ThreadTransfer) {
        receives.removeAll { $0.transfer === transfer }
    }

    func probe(source: Int?, tag: Int?) -> Status? {
        messages.first { $0.matches(source: source, tag: tag) }?.status
    }

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
