#if canImport(FoundationEssentials)
import FedCore
import FoundationEssentials
#else
import Foundation
#endif

extension Safetensors {
    /// The file's contents. O(elements).
    ///
    /// - Throws: `SafetensorsError.badHeader` when a name or the metadata cannot be written as JSON.
    public func encoded() throws(SafetensorsError) -> [UInt8] {
        var header = Header(tensors: [:], metadata: metadata)
        var size = 0
        for tensor in tensors {
            let end = size + tensor.elements.byteCount
            header.tensors[tensor.name] = .init(
                dtype: tensor.elements.type, shape: tensor.shape, data_offsets: [size, end])
            size = end
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        var text: [UInt8]
        do { text = [UInt8](try encoder.encode(header)) } catch { throw .badHeader(error.line) }
        // Spaces, so that the tensors begin at a multiple of eight.
        text += [UInt8](repeating: 0x20, count: (8 - text.count % 8) % 8)

        var bytes: [UInt8] = []
        bytes.reserveCapacity(8 + text.count + size)
        bytes += (0..<8).map { UInt8(truncatingIfNeeded: text.count >> (8 * $0)) }
        bytes += text
        for tensor in tensors { Self.append(tensor.elements, to: &bytes) }
        return bytes
    }

    /// Reads a file's contents, and believes nothing in it that does not fit together.
    public init(decoding bytes: [UInt8]) throws(SafetensorsError) {
        guard bytes.count >= 8 else { throw .wrongSize(expectedBytes: 8, actualBytes: bytes.count) }
        var length: UInt64 = 0
        for i in 0..<8 { length |= UInt64(bytes[i]) << UInt64(8 * i) }
        guard length <= Self.largestHeader else { throw .badHeader("a header of \(length) bytes") }
        let start = 8 + Int(length)
        guard bytes.count >= start else { throw .wrongSize(expectedBytes: start, actualBytes: bytes.count) }
        let header: Header
        do { header = try JSONDecoder().decode(Header.self, from: Data(bytes[8..<start])) } catch {
            throw .badHeader("its header is not the expected JSON")
        }

        var tensors: [Tensor] = []
        var end = 0
        let ordered = header.tensors.sorted {
            ($0.value.data_offsets.first ?? 0, $0.value.data_offsets.last ?? 0, $0.key)
                < ($1.value.data_offsets.first ?? 0, $1.value.data_offsets.last ?? 0, $1.key)
        }
        for (name, entry) in ordered {
            // PyTorch's batch normalisation counts its batches, which no default of its reads.
            let isCounter = entry.dtype == "I64" && name.hasSuffix(".num_batches_tracked")
            guard let size = Self.elementBytes[entry.dtype], size < 8 || isCounter else {
                throw .unsupportedType(tensor: name, type: entry.dtype)
            }
            let next = try Self.end(of: entry, name, after: end, elementBytes: size)
            guard start + next <= bytes.count else {
                throw .wrongSize(expectedBytes: start + next, actualBytes: bytes.count)
            }
            if !isCounter {
                let elements = Self.elements(bytes[start + end..<start + next], entry.dtype)
                tensors.append(Tensor(name: name, shape: entry.shape, elements: elements))
            }
            end = next
        }
        guard start + end == bytes.count else {
            throw .wrongSize(expectedBytes: start + end, actualBytes: bytes.count)
        }
        self.tensors = tensors
        metadata = header.metadata
    }

    private static let elementBytes = ["F32": 4, "I8": 1, "U8": 1, "I64": 8]

    private static func elements(_ bytes: ArraySlice<UInt8>, _ type: String) -> Elements {
        switch type {
        case "I8": .int8(bytes.map { Int8(bitPattern: $0) })
        case "U8": .uint8(Array(bytes))
        default:
            .float32(
                stride(from: bytes.startIndex, to: bytes.endIndex, by: 4).map { position in
                    var bits: UInt32 = 0
                    for i in 0..<4 { bits |= UInt32(bytes[position + i]) << UInt32(8 * i) }
                    return Float(bitPattern: bits)
                })
        }
    }

    private static func append(_ elements: Elements, to bytes: inout [UInt8]) {
        switch elements {
        case .float32(let values):
            for value in values {
                let bits = value.bitPattern
                bytes.append(UInt8(truncatingIfNeeded: bits))
                bytes.append(UInt8(truncatingIfNeeded: bits >> 8))
                bytes.append(UInt8(truncatingIfNeeded: bits >> 16))
                bytes.append(UInt8(truncatingIfNeeded: bits >> 24))
            }
        case .int8(let values): for value in values { bytes.append(UInt8(bitPattern: value)) }
        case .uint8(let values): bytes += values
        }
    }

    /// As large as the format allows.
    private static let largestHeader: UInt64 = 100_000_000

    /// The byte at which a tensor ends that is to begin at `start`.
    private static func end(
        of entry: Header.Entry, _ name: String, after start: Int, elementBytes: Int
    ) throws(SafetensorsError) -> Int {
        var size = elementBytes
        for extent in entry.shape {
            let (product, overflow) = size.multipliedReportingOverflow(by: extent)
            guard extent >= 0, !overflow else { throw .badHeader("the shape \(entry.shape) of '\(name)'") }
            size = product
        }
        let (end, overflow) = start.addingReportingOverflow(size)
        guard !overflow, end < Int.max / 2, entry.data_offsets == [start, end] else {
            throw .badHeader("the byte range \(entry.data_offsets) of '\(name)'")
        }
        return end
    }
}

/// The JSON object: one member for each tensor, and `__metadata__`.
private struct Header: Codable {
    struct Entry: Codable {
        let dtype: String
        let shape: [Int]
        // The format's own name.
        // swift-format-ignore: AlwaysUseLowerCamelCase
        let data_offsets: [Int]
    }

    struct Key: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }

        static let metadata = Key(stringValue: "__metadata__")
    }

    var tensors: [String: Entry]
    var metadata: [String: String]

    init(tensors: [String: Entry], metadata: [String: String]) {
        self.tensors = tensors
        self.metadata = metadata
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        tensors = [:]
        metadata = [:]
        for key in container.allKeys {
            if key.stringValue == Key.metadata.stringValue {
                metadata = try container.decode([String: String].self, forKey: key)
            } else {
                tensors[key.stringValue] = try container.decode(Entry.self, forKey: key)
            }
        }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        if !metadata.isEmpty { try container.encode(metadata, forKey: .metadata) }
        for (name, entry) in tensors { try container.encode(entry, forKey: Key(stringValue: name)) }
    }
}
