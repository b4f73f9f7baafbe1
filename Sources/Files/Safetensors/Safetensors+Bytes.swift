#if canImport(FoundationEssentials)
import FedCore
import FoundationEssentials
#else
import Foundation
#endif

extension Safetensors {
    /// The file's contents. O(elements).
    ///
    /// Two files of equal tensors and metadata are equal byte by byte: the header's keys are sorted.
    ///
    /// - Throws: ``SafetensorsError/badHeader(_:)`` when a name or the metadata cannot be written as JSON.
    public func encoded() throws(SafetensorsError) -> [UInt8] {
        var header = SafetensorsHeader(tensors: [:], metadata: metadata)
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
    ///
    /// The header's length, the shapes, the byte ranges and the file's length must agree, without gaps or
    /// overlaps; every number must be one that a weight can be. Floats of 16 and 64 bits become floats of 32.
    /// Whatever the bytes are, this throws and never traps.
    ///
    /// - Parameter bytes: the whole file; `bytes(of:)` reads one without trusting its length.
    /// - Throws: ``SafetensorsError``; for a bad number it names the first tensor and element.
    /// - Complexity: O(bytes), with the elements in memory beside the bytes.
    public init(decoding bytes: [UInt8]) throws(SafetensorsError) {
        let start = SafetensorsHeader.prefixBytes + (try SafetensorsHeader.byteCount(bytes))
        guard bytes.count >= start else { throw .wrongSize(expectedBytes: start, actualBytes: bytes.count) }
        let header = try SafetensorsHeader(parsing: bytes[SafetensorsHeader.prefixBytes..<start])
        let (entries, end) = try Self.places(in: header)
        guard start + end == bytes.count else {
            throw .wrongSize(expectedBytes: start + end, actualBytes: bytes.count)
        }
        var tensors: [Tensor] = []
        for (name, shape, type, range) in entries {
            let elements = try Self.elements(bytes[start + range.lowerBound..<start + range.upperBound], type, name)
            if let elements { tensors.append(Tensor(name: name, shape: shape, elements: elements)) }
        }
        self.tensors = tensors
        metadata = header.metadata
    }

    /// The number of bytes that follow a header.
    ///
    /// - Throws: ``SafetensorsError`` when types, shapes and byte ranges do not fit together.
    static func bodyBytes(_ header: SafetensorsHeader) throws(SafetensorsError) -> Int {
        try places(in: header).end
    }

    /// A tensor of the header, with its bytes' range behind the header.
    private typealias Place = (name: String, shape: [Int], type: StoredType, range: Range<Int>)

    /// The tensors in the order in which they lie in the file, and where the last one ends.
    ///
    /// Each must begin where the one before it ends. Int64 is allowed only where it is passed over.
    private static func places(
        in header: SafetensorsHeader
    ) throws(SafetensorsError) -> (entries: [Place], end: Int) {
        var places: [Place] = []
        var end = 0
        let ordered = header.tensors.sorted {
            ($0.value.data_offsets.first ?? 0, $0.value.data_offsets.last ?? 0, $0.key)
                < ($1.value.data_offsets.first ?? 0, $1.value.data_offsets.last ?? 0, $1.key)
        }
        for (name, entry) in ordered {
            guard let type = StoredType(rawValue: entry.dtype), type != .int64 || isCounter(name) else {
                throw .unsupportedType(tensor: name, type: entry.dtype)
            }
            let next = try Self.end(of: entry, name, after: end, elementBytes: type.byteCount)
            places.append((name, entry.shape, type, end..<next))
            end = next
        }
        return (places, end)
    }

    /// Whether a tensor is batch normalisation's count of batches, which PyTorch uses only with
    /// `momentum=None`.
    private static func isCounter(_ name: String) -> Bool {
        name == "num_batches_tracked" || name.hasSuffix(".num_batches_tracked")
    }

    /// The byte at which a tensor ends that is to begin at `start`; products of hostile extents do not overflow.
    private static func end(
        of entry: SafetensorsHeader.Entry, _ name: String, after start: Int, elementBytes: Int
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

// Elements.
extension Safetensors {
    /// The types that a file may hold, by the format's names.
    private enum StoredType: String {
        case float32 = "F32"
        case float16 = "F16"
        /// The upper half of a float of 32 bits.
        case bfloat16 = "BF16"
        case float64 = "F64"
        case int8 = "I8"
        case uint8 = "U8"
        case int64 = "I64"

        /// The size of one element in bytes.
        var byteCount: Int {
            switch self {
            case .int8, .uint8: 1
            case .float16, .bfloat16: 2
            case .float32: 4
            case .float64, .int64: 8
            }
        }
    }

    /// Reads a tensor's elements.
    ///
    /// - Returns: nil for what is passed over.
    /// - Throws: ``SafetensorsError/defect(_:)`` for a float that no weight can be.
    private static func elements(
        _ bytes: ArraySlice<UInt8>, _ type: StoredType, _ name: String
    ) throws(SafetensorsError) -> Elements? {
        switch type {
        case .int8: .int8(bytes.map { Int8(bitPattern: $0) })
        case .uint8: .uint8(Array(bytes))
        case .int64: nil
        case .float32: try sound(words(bytes, UInt32.self).map { Float(bitPattern: $0) }, name)
        case .float16: try sound(words(bytes, UInt16.self).map { Float(Float16(bitPattern: $0)) }, name)
        case .bfloat16: try sound(words(bytes, UInt16.self).map { Float(bitPattern: UInt32($0) << 16) }, name)
        case .float64: try sound(words(bytes, UInt64.self).map { Double(bitPattern: $0) }, name)
        }
    }

    /// The values as 32-bit floats, once all are known to be finite in that type and no variance is negative.
    private static func sound<Number: BinaryFloatingPoint>(
        _ values: [Number], _ name: String
    ) throws(SafetensorsError) -> Elements {
        if let defect = WeightDefect.first(in: values, of: name) { throw .defect(defect) }
        return .float32(values as? [Float] ?? values.map { Float($0) })
    }

    /// Little-endian words, on a machine of any byte order and at any alignment.
    private static func words<Word: FixedWidthInteger>(_ bytes: ArraySlice<UInt8>, _: Word.Type) -> [Word] {
        let size = Word.bitWidth / 8
        return stride(from: bytes.startIndex, to: bytes.endIndex, by: size).map { position in
            var word: Word = 0
            for i in 0..<size { word |= Word(truncatingIfNeeded: bytes[position + i]) << Word(8 * i) }
            return word
        }
    }

    /// Adds a tensor's elements to the file's bytes, little-endian.
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
}
