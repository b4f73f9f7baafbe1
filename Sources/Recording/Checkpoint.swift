import Cryptography
import FedCore
public import Foundation
import Records

/// The file format of a checkpoint. All numbers are little-endian:
///
/// ```
/// 0   magic "FEDMPICP"    8  version UInt32    12  0
/// 16  four blocks, each a length UInt64 and so many bytes:
///     description  JSON: program version, settings, the last round's record, positions in the logs, where the clients' states are,
///                  digests of data and teacher, seconds
///     rounds       records that belong behind the position in `round_log.json` and had not reached it, as they stand there
///     faults       the same of `faults.json`
///     strategy     the strategy's state, in its own layout
///     flight       who is in flight in an asynchronous run, and from what weights; empty of others
///     weights      Float32, in the canonical order
/// …   SHA-256 of everything before it
/// ```
///
/// It names a position in each log, with the SHA-256 of what stands before it, so its size does not grow with the rounds. Version 6,
/// which held all records itself, is read, too.
///
/// Decoding is total: whatever the bytes are, it returns what `SavedRun.validate` accepts, or throws.
public enum Checkpoint {
    static let magic = Array("FEDMPICP".utf8)
    static let version: UInt32 = 7
    static let wholeVersion: UInt32 = 6
    static let headerBytes = 16
    static let digestBytes = 32

    /// The bytes of a checkpoint. O(weights + records that are not in the logs).
    public static func encode(_ saved: SavedRun) throws -> Data {
        let state = saved.state
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        let description = try encoder.encode(CheckpointDescription(saved))

        var data = Data()
        data.reserveCapacity(
            headerBytes + 48 + description.count + saved.rounds.rest.count + saved.faults.rest.count
                + state.strategyState.count + state.asynchronousState.count + state.weights.count * 4 + digestBytes)
        data.append(contentsOf: magic)
        data.append(littleEndian: version)
        data.append(littleEndian: UInt32(0))
        data.append(littleEndian: UInt64(description.count))
        data.append(description)
        for block in [saved.rounds.rest, saved.faults.rest, state.strategyState, state.asynchronousState] {
            data.append(littleEndian: UInt64(block.count))
            data.append(contentsOf: block)
        }
        data.append(littleEndian: UInt64(state.weights.count * 4))
        state.weights.withUnsafeBytes { data.append(contentsOf: $0) }  // as on the wire, little-endian
        data.append(contentsOf: SHA256.hash(data))
        return data
    }

    /// - Throws: `CheckpointDefect` for any bytes that are not exactly those of a checkpoint.
    public static func decode(_ data: Data) throws(CheckpointDefect) -> SavedRun {
        let bytes = [UInt8](data)
        guard bytes.starts(with: magic) || magic.starts(with: bytes) else { throw .foreign }
        guard bytes.count >= headerBytes + digestBytes else { throw .truncated(bytes: bytes.count) }
        var reader = ByteReader(bytes[..<(bytes.count - digestBytes)], at: magic.count)
        let version = UInt32(truncatingIfNeeded: reader.integer(bytes: 4) ?? 0)
        guard version == Self.version || version == wholeVersion else { throw .version(version) }
        guard SHA256.hash(bytes[..<(bytes.count - digestBytes)]).elementsEqual(bytes.suffix(digestBytes)) else {
            throw .checksum
        }
        let isWhole = version == wholeVersion
        guard reader.integer(bytes: 4) == 0, let text = reader.block(),
            let rounds = isWhole ? [] : reader.block(), let faults = isWhole ? [] : reader.block(),
            let strategy = reader.block(), let flight = reader.block(), let weights = reader.block(),
            weights.count % 4 == 0, reader.isAtEnd
        else { throw .layout }

        let description: CheckpointDescription
        do {
            description = try CheckpointDescription(Data(text), isWhole: isWhole)
        } catch let error as ConfigurationError {
            throw .state(error.description)
        } catch {
            throw .json
        }
        guard
            var saved = description.saved(
                weights: floats(weights), strategyState: Array(strategy), asynchronousState: Array(flight))
        else { throw .json }
        if !isWhole { (saved.rounds.rest, saved.faults.rest) = (Array(rounds), Array(faults)) }
        do {
            try saved.validate()
        } catch {
            throw .state(error.description)
        }
        return saved
    }

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

/// Why bytes are not a checkpoint.
public enum CheckpointDefect: Error, Equatable, CustomStringConvertible {
    case foreign
    case truncated(bytes: Int)
    case version(UInt32)
    case checksum
    case layout
    case json
    case state(String)

    public var description: String {
        switch self {
        case .foreign: "it is not a checkpoint of fedmpi"
        case .truncated(let bytes): "it is cut off after \(bytes) bytes"
        case .version(let version):
            "its format is version \(version); fedmpi \(Version.current) reads versions \(Checkpoint.wholeVersion) and "
                + "\(Checkpoint.version)"
        case .checksum: "it is cut off or damaged: its SHA-256 does not match"
        case .layout: "its blocks do not fill it"
        case .json: "its description is not what fedmpi \(Version.current) writes"
        case .state(let reason): "no run can have reached it: \(reason)"
        }
    }
}

/// Reads forward through bytes; nil at anything that is not there.
private struct ByteReader {
    private let bytes: ArraySlice<UInt8>
    private var position: Int

    init(_ bytes: ArraySlice<UInt8>, at offset: Int) {
        self.bytes = bytes
        position = bytes.startIndex + offset
    }

    var isAtEnd: Bool { position == bytes.endIndex }

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

extension Data {
    fileprivate mutating func append(littleEndian value: some FixedWidthInteger & UnsignedInteger) {
        for shift in stride(from: 0, to: value.bitWidth, by: 8) { append(UInt8(truncatingIfNeeded: value >> shift)) }
    }
}
