import Cryptography
import FedCore
public import Foundation
import Records

/// The file format of a checkpoint. All numbers are little-endian:
///
/// ```
/// 0   magic "FEDMPICP"    8  version UInt32    12  0
/// 16  five blocks, each a length UInt64 and so many bytes:
///     description  JSON: program version, settings, the last round's record, positions in the logs,
///                  where the clients' states are, digests of data and teacher, seconds
///     rounds       records that belong behind the position in `round_log.json` and had not reached
///                  it, as they stand there
///     faults       the same of `faults.json`
///     parts        what parts of the server remember, by name, ascending: for each a block with its
///                  name, UTF-8, and one with its state, in its own layout
///     weights      Float32, in the canonical order
/// …   SHA-256 of everything before it
/// ```
///
/// It names a position in each log, with the SHA-256 of what stands before it, so its size does not grow with
/// the rounds. Version 7, which had a place of its own for each part's state, and version 6, which held all
/// records itself, are read, too.
///
/// Decoding is total: whatever the bytes are, it returns what ``SavedRun/validate()`` accepts, or throws. A
/// checkpoint may have been sent by somebody, so lengths are checked before they are used, and a fuzzer feeds
/// this decoder damaged ones.
public enum Checkpoint {
    /// The first eight bytes, by which a checkpoint is told from other files.
    static let magic = Array("FEDMPICP".utf8)
    /// The version that is written.
    static let version: UInt32 = 8
    /// The oldest version that is read; it held the records of all rounds itself.
    static let wholeVersion: UInt32 = 6
    /// The bytes before the first block: magic, version, and four zeros that keep the blocks aligned.
    static let headerBytes = 16
    /// The bytes behind the last block.
    static let digestBytes = 32

    /// Encodes a run's state as the bytes of a checkpoint.
    ///
    /// - Throws: an encoder's error; never for a state that a run can reach.
    /// - Complexity: O(weights + records that are not in the logs), with one copy of the weights.
    public static func encode(_ saved: SavedRun) throws -> Data {
        let state = saved.state
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        let description = try encoder.encode(CheckpointDescription(saved))

        var parts = Data()
        for (name, bytes) in state.parts.sorted(by: { $0.key < $1.key }) {
            parts.append(block: Array(name.utf8))
            parts.append(block: bytes)
        }
        var data = Data()
        data.reserveCapacity(
            headerBytes + 48 + description.count + saved.rounds.rest.count + saved.faults.rest.count + parts.count
                + state.weights.count * 4 + digestBytes)
        data.append(contentsOf: magic)
        data.append(littleEndian: version)
        data.append(littleEndian: UInt32(0))
        data.append(block: description)
        data.append(block: saved.rounds.rest)
        data.append(block: saved.faults.rest)
        data.append(block: parts)
        data.append(littleEndian: UInt64(state.weights.count * 4))
        state.weights.withUnsafeBytes { data.append(contentsOf: $0) }  // as on the wire, little-endian
        data.append(contentsOf: SHA256.hash(data))
        return data
    }

    /// Decodes a checkpoint.
    ///
    /// The hash is checked before anything but magic and version is believed, so a damaged file is called
    /// damaged and not strange.
    ///
    /// - Parameter data: the whole file.
    /// - Throws: ``CheckpointDefect`` for any bytes that are not exactly those of a checkpoint, or of a state
    ///   that no run can have reached.
    /// - Complexity: O(bytes).
    public static func decode(_ data: Data) throws(CheckpointDefect) -> SavedRun {
        let bytes = [UInt8](data)
        guard bytes.starts(with: magic) || magic.starts(with: bytes) else { throw .foreign }
        guard bytes.count >= headerBytes + digestBytes else { throw .truncated(bytes: bytes.count) }
        var reader = ByteReader(bytes[..<(bytes.count - digestBytes)], at: magic.count)
        let version = UInt32(truncatingIfNeeded: reader.integer(bytes: 4) ?? 0)
        guard (wholeVersion...Self.version).contains(version) else { throw .version(version) }
        guard SHA256.hash(bytes[..<(bytes.count - digestBytes)]).elementsEqual(bytes.suffix(digestBytes)) else {
            throw .checksum
        }
        let isWhole = version == wholeVersion
        guard reader.integer(bytes: 4) == 0, let text = reader.block(),
            let rounds = isWhole ? [] : reader.block(), let faults = isWhole ? [] : reader.block(),
            let parts = version == Self.version ? reader.block().flatMap(parts) : earlierParts(&reader),
            let weights = reader.block(), weights.count % 4 == 0, reader.isAtEnd
        else { throw .layout }

        let description: CheckpointDescription
        do {
            description = try CheckpointDescription(Data(text), version: version)
        } catch let error as ConfigurationError {
            throw .state(error.description)
        } catch {
            throw .json
        }
        guard var saved = description.saved(weights: floats(weights), parts: parts) else { throw .json }
        if !isWhole { (saved.rounds.rest, saved.faults.rest) = (Array(rounds), Array(faults)) }
        do {
            try saved.validate()
        } catch {
            throw .state(error.description)
        }
        return saved
    }

    /// The parts' states, from their block; nil when it is not one that ``encode(_:)`` writes.
    ///
    /// Names ascend, so that two checkpoints of the same state are the same bytes, and no name comes twice.
    private static func parts(_ bytes: ArraySlice<UInt8>) -> [String: [UInt8]]? {
        var reader = ByteReader(bytes, at: 0)
        var parts: [String: [UInt8]] = [:]
        var last = ""
        while !reader.isAtEnd {
            guard let name = reader.block().flatMap({ String(validating: $0, as: UTF8.self) }), name > last,
                let state = reader.block(), !state.isEmpty
            else { return nil }
            parts[name] = Array(state)
            last = name
        }
        return parts
    }

    /// The states that had blocks of their own up to version 7: the strategy's, and the asynchronous schedule's.
    private static func earlierParts(_ reader: inout ByteReader) -> [String: [UInt8]]? {
        guard let strategy = reader.block(), let inFlight = reader.block() else { return nil }
        return [PartName.strategy: Array(strategy), PartName.inFlight: Array(inFlight)]
    }

    /// Little-endian floats; the number of bytes is a multiple of four.
    private static func floats(_ bytes: ArraySlice<UInt8>) -> [Float] {
        var floats: [Float] = []
        floats.reserveCapacity(bytes.count / 4)
        for i in stride(from: bytes.startIndex, to: bytes.endIndex, by: 4) {
            let low = UInt32(bytes[i]) | UInt32(bytes[i + 1]) << 8
            let high = UInt32(bytes[i + 2]) | UInt32(bytes[i + 3]) << 8
            floats.append(Float(bitPattern: low | high << 16))
        }
        return floats
    }
}

/// The reason why bytes are not a checkpoint; its text ends the sentence "checkpoint '…' cannot be used: …".
public enum CheckpointDefect: Error, Equatable, CustomStringConvertible {
    /// It does not begin like a checkpoint.
    case foreign
    /// It begins like one and is shorter than the shortest.
    case truncated(bytes: Int)
    /// Its format is one that this program does not read, most often a newer one.
    case version(UInt32)
    /// Its bytes are not those that were written.
    case checksum
    /// Its hash is right and its blocks are not: another program wrote it.
    case layout
    /// Its description lacks fields, or has other types.
    case json
    /// It can be read, but a count, a position or a setting is out of range.
    case state(String)

    /// The defect as a clause about "it".
    public var description: String {
        switch self {
        case .foreign: "it is not a checkpoint of fedmpi"
        case .truncated(let bytes): "it is cut off after \(bytes) bytes"
        case .version(let version):
            "its format is version \(version); fedmpi \(Version.current) reads versions \(Checkpoint.wholeVersion) to "
                + "\(Checkpoint.version)"
        case .checksum: "it is cut off or damaged: its SHA-256 does not match"
        case .layout: "its blocks do not fill it"
        case .json: "its description is not what fedmpi \(Version.current) writes"
        case .state(let reason): "no run can have reached it: \(reason)"
        }
    }
}

/// Reads forward through bytes; nil at anything that is not there. No read passes the end, whatever a length says.
private struct ByteReader {
    /// The whole part that may be read; indices are those of the original array.
    private let bytes: ArraySlice<UInt8>
    /// The index of the next byte.
    private var position: Int

    /// Begins at an offset from the slice's start.
    init(_ bytes: ArraySlice<UInt8>, at offset: Int) {
        self.bytes = bytes
        position = bytes.startIndex + offset
    }

    /// Whether all bytes have been read, as a complete format asks for.
    var isAtEnd: Bool { position == bytes.endIndex }

    /// A little-endian number of at most 8 bytes.
    mutating func integer(bytes count: Int) -> UInt64? {
        guard bytes.endIndex - position >= count else { return nil }
        defer { position += count }
        return bytes[position..<position + count].reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// A length and so many bytes.
    mutating func block() -> ArraySlice<UInt8>? {
        guard let length = integer(bytes: 8), length <= UInt64(bytes.endIndex - position) else { return nil }
        defer { position += Int(length) }
        return bytes[position..<position + Int(length)]
    }
}

/// The blocks and numbers that ``ByteReader`` reads.
extension Data {
    /// A length and so many bytes.
    fileprivate mutating func append(block bytes: some Collection<UInt8>) {
        append(littleEndian: UInt64(bytes.count))
        append(contentsOf: bytes)
    }

    /// A number's bytes, the lowest first, whatever the machine's order.
    fileprivate mutating func append(littleEndian value: some FixedWidthInteger & UnsignedInteger) {
        for shift in stride(from: 0, to: value.bitWidth, by: 8) { append(UInt8(truncatingIfNeeded: value >> shift)) }
    }
}
