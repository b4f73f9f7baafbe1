/// A message whose body is some bytes and a list of entries of equal length, each of which begins with a client's number.
///
/// Clients are listed in ascending order, so that none is there twice and equal lists have equal bytes.
struct MessageList {
    /// The client that sends or receives the message.
    let client: Int
    /// The bytes before the list.
    let preface: [UInt8]
    /// The entries, ascending by client: its number, and the bytes that follow it.
    let entries: [(client: Int, content: [UInt8])]

    /// Makes a message.
    init(client: Int, preface: [UInt8] = [], entries: [(client: Int, content: [UInt8])]) {
        (self.client, self.preface, self.entries) = (client, preface, entries)
    }

    /// Reads a message. O(bytes).
    /// - Parameters:
    ///   - bytes: of whatever origin.
    ///   - kind: which message it has to be.
    ///   - round: to which it has to belong.
    ///   - prefaceBytes: bytes before the list.
    ///   - contentBytes: bytes of an entry behind the client's number.
    /// - Throws: what is wrong with it.
    init(
        _ bytes: [UInt8], _ kind: SecureMessageKind, _ round: SecureRound, prefaceBytes: Int = 0, contentBytes: Int
    ) throws(SecureAggregationError) {
        let head = try MessageHead(bytes.span, kind, round)
        let first = MessageHead.byteCount + prefaceBytes
        let expected = first + head.count * (4 + contentBytes)
        guard bytes.count == expected else { throw .wrongLength(expected: expected, actual: bytes.count) }
        client = head.client
        preface = Array(bytes[MessageHead.byteCount..<first])
        var entries: [(client: Int, content: [UInt8])] = []
        entries.reserveCapacity(head.count)
        var least = 0
        for place in stride(from: first, to: bytes.count, by: 4 + contentBytes) {
            let client = Int(bytes.word(at: place))
            guard client < round.clients else { throw .unexpectedClient(client) }
            guard client >= least else { throw .badList }
            entries.append((client, Array(bytes[place + 4..<place + 4 + contentBytes])))
            least = client + 1
        }
        self.entries = entries
    }

    /// The message as bytes. O(bytes).
    func bytes(_ kind: SecureMessageKind, _ round: SecureRound) -> [UInt8] {
        let length = preface.count + entries.reduce(0) { $0 + 4 + $1.content.count }
        var bytes = MessageHead.begin(kind, round, client: client, count: entries.count, bodyBytes: length)
        bytes += preface
        for entry in entries {
            bytes.append(littleEndian: UInt32(entry.client))
            bytes += entry.content
        }
        MessageHead.seal(&bytes)
        return bytes
    }
}
