import FedCore
import Files
import Foundation

/// A TensorBoard event file that grows by one record at a time.
///
/// A record is its data's length (8 bytes), a checksum of the length (4), the data, a checksum of the data (4), all
/// little-endian; the checksums are CRC-32C, masked (TensorFlow, `tensorflow/core/lib/io/record_writer.h` and
/// `tsl/lib/hash/crc32c.h`). The data is a protocol buffer `Event` (`tensorflow/core/util/event.proto` and
/// `tensorflow/core/framework/summary.proto`).
final class EventFile {
    /// The file's name, which is made once: a file that is made again is the same to TensorBoard.
    private let name: String
    /// The open file; nil until the first flush that succeeds.
    private var file: GrowingFile?
    /// The records that are still to be written, one behind another.
    private var pending: [UInt8] = []

    /// Names a file and puts the version record at its beginning; nothing is written yet.
    ///
    /// The name tells TensorBoard what the file is, and sorts by time.
    ///
    /// - Parameters:
    ///   - host: the host of rank 0; what cannot stand in a file's name is replaced.
    ///   - time: the moment of the start.
    init(host: String, at time: Date) {
        let host = String(String.UnicodeScalarView(host.printable.unicodeScalars.map { $0 == "/" ? "_" : $0 }))
        name = "events.out.tfevents.\(Int(time.timeIntervalSince1970)).\(host).\(getpid())"
        append(.fileVersion("brain.Event:2"), at: time)
    }

    /// Adds an event, which ``flush(into:)`` writes.
    ///
    /// - Parameters:
    ///   - content: what the event tells.
    ///   - step: the round; 0 for events that belong to none.
    ///   - time: the wall-clock time that TensorBoard shows.
    func append(_ content: Event, step: Int = 0, at time: Date) {
        pending += Self.record(content.encoded(step: step, at: time))
    }

    /// Writes what is to be written, into a file of this folder. Nothing is lost when it fails; it may be tried again.
    ///
    /// - Throws: `FileError`.
    func flush(into folder: URL) throws(FileError) {
        let path = folder.appendingPathComponent(name).path
        if let file, file.path != path || file.place == .gone { try file.remake(at: path) }
        if file == nil { file = try GrowingFile(replacing: path) }
        let pending = pending
        try file?.append(pending.span.bytes)
        self.pending = []
    }

    /// Data with its length and checksums: the data's bytes and 16 more.
    static func record(_ data: [UInt8]) -> [UInt8] {
        let length = littleEndian(UInt64(data.count))
        return length + littleEndian(maskedChecksum(length)) + data + littleEndian(maskedChecksum(data))
    }

    /// The checksum of bytes, masked.
    ///
    /// A checksum that is stored beside what it checks is masked, because the checksum of bytes that hold their
    /// own checksum is a constant.
    static func maskedChecksum(_ bytes: [UInt8]) -> UInt32 {
        let checksum = CRC32C.of(bytes.span.bytes)
        return (checksum >> 15 | checksum << 17) &+ 0xA282_EAD8
    }
}

/// The content of one record.
enum Event {
    /// The version of the format, the first record of a file.
    case fileVersion(String)
    /// A start of the run: what earlier files have of this step and later ones is void.
    case restart
    /// The values of a round, by tag.
    case scalars([(tag: String, value: Float)])

    /// The event as an `Event` message of protocol buffers.
    ///
    /// - Parameters:
    ///   - step: the round; 0 is left out, as protocol buffers do.
    ///   - time: seconds since 1970, the message's first field.
    func encoded(step: Int, at time: Date) -> [UInt8] {
        var message = ProtocolBuffer()
        message.add(field: 1, double: time.timeIntervalSince1970)
        if step != 0 { message.add(field: 2, integer: UInt64(step)) }
        switch self {
        case .fileVersion(let version): message.add(field: 3, Array(version.utf8))
        case .restart:
            // SessionLog: its status is START.
            var log = ProtocolBuffer()
            log.add(field: 1, integer: 1)
            message.add(field: 7, log.bytes)
        case .scalars(let scalars):
            var summary = ProtocolBuffer()
            for scalar in scalars {
                var value = ProtocolBuffer()
                value.add(field: 1, Array(scalar.tag.utf8))
                value.add(field: 2, float: scalar.value)
                summary.add(field: 1, value.bytes)
            }
            message.add(field: 5, summary.bytes)
        }
        return message.bytes
    }
}

/// A number's bytes, the lowest first.
private func littleEndian<Word: FixedWidthInteger>(_ word: Word) -> [UInt8] {
    (0..<Word.bitWidth / 8).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) }
}
