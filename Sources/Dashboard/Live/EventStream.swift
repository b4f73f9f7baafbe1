import Foundation
import NIOCore

/// A place in a run's events: those up to it are known. As text, `12.3`, it is the `id` of an event, which a browser that connects
/// again sends as `Last-Event-ID` (https://html.spec.whatwg.org/multipage/server-sent-events.html).
struct EventPlace: Sendable, Hashable, CustomStringConvertible {
    /// The last round; 0: none.
    var round = 0
    /// The history's number of the last fault; 0: none.
    var fault: Int64 = 0

    var description: String { "\(round).\(fault)" }

    /// The begin.
    init() {}

    /// Reads an `id`; nil when it is none.
    init?(_ text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, let round = Int(parts[0]), let fault = Int64(parts[1]), round >= 0, fault >= 0 else {
            return nil
        }
        (self.round, self.fault) = (round, fault)
    }
}

/// One event as it stands in the stream.
enum EventText {
    /// - Parameters:
    ///   - kind: its name, by which scripts listen.
    ///   - place: what is known once it has arrived; nil for events that are not sent again.
    ///   - data: JSON, which has no line breaks.
    static func event(_ kind: String, at place: EventPlace?, _ data: some Encodable) throws -> ByteBuffer {
        var buffer = ByteBuffer()
        buffer.writeString("event: \(kind)\n")
        if let place { buffer.writeString("id: \(place)\n") }
        buffer.writeString("data: ")
        buffer.writeBytes(try JSON.data(data))
        buffer.writeString("\n\n")
        return buffer
    }

    /// Events one behind the other, to be written at once.
    static func joined(_ events: [ByteBuffer]) -> ByteBuffer {
        var all = ByteBuffer()
        for var event in events { all.writeBuffer(&event) }
        return all
    }

    /// A line that says nothing: proxies close connections that are silent for long.
    static let comment = ByteBuffer(string: ": still here\n\n")
    /// How long a browser waits before it connects again, in milliseconds.
    static let retry = ByteBuffer(string: "retry: 2000\n\n")
}
