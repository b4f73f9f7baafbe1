import FedCore
import Foundation

/// A TensorBoard event file that grows by one record at a time.
///
/// A record is its data's length (8 bytes), a checksum of the length (4), the data, a checksum of the data (4), all
/// little-endian; the checksums are CRC-32C, masked (TensorFlow, `tensorflow/core/lib/io/record_writer.h` and
/// `tsl/lib/hash/crc32c.h`). The data is a protocol buffer `Event` (`tensorflow/core/util/event.proto` and
/// `tensorflow/core/framework/summary.proto`).
final class EventFile {
    private let handle: FileHandle

    /// Makes the file in a folder; its name tells TensorBoard what it is, and sorts by time.
    init(in folder: URL, host: String, at time: Date) throws {
        let name = "events.out.tfevents.\(Int(time.timeIntervalSince1970)).\(host).\(getpid())"
        let file = folder.appendingPathComponent(name)
        try Data().write(to: file, options: .withoutOverwriting)
        handle = try FileHandle(forWritingTo: file)
        try append(.fileVersion("brain.Event:2"), at: time)
    }

    func append(_ content: Event, step: Int = 0, at time: Date) throws {
        try handle.write(contentsOf: Self.record(content.encoded(step: step, at: time)))
    }

    func close() throws {
        try handle.close()
    }

    /// Data with its length and checksums.
    static func record(_ data: [UInt8]) -> [UInt8] {
        let length = littleEndian(UInt64(data.count))
        return length + littleEndian(maskedChecksum(length)) + data + littleEndian(maskedChecksum(data))
    }

    /// A checksum that is stored beside what it checks is masked, because the checksum of bytes that hold their own
    /// checksum is a constant.
    static func maskedChecksum(_ bytes: [UInt8]) -> UInt32 {
        let checksum = CRC32C.of(bytes.span.bytes)
        return (checksum >> 15 | checksum << 17) &+ 0xA282_EAD8
    }
}

/// What one record tells.
enum Event {
    case fileVersion(String)
    /// What an earlier file has of this step and later ones is void.
    case restart
    case scalars([(tag: String, value: Float)])

    /// As an `Event` message.
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

private func littleEndian<Word: FixedWidthInteger>(_ word: Word) -> [UInt8] {
    (0..<Word.bitWidth / 8).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) }
}
