import FedCore

/// A constant tensor of a file: an initializer, or the value of a `Constant`.
struct ONNXTensor {
    /// Its elements, row-major, of the types that models here have.
    enum Elements {
        /// Elements that are f32, or were f16 or f64 in the file.
        case floats([Float])
        /// Elements that were i32, i64 or, as 0 and 1, truth values.
        case integers([Int])
    }

    /// Extents of its dimensions; empty for a scalar.
    let shape: [Int]
    /// As many as the shape has.
    let elements: Elements

    /// Joins a shape and elements, of which there must be as many as the shape has.
    init(shape: [Int], _ elements: Elements) {
        self.shape = shape
        self.elements = elements
    }

    /// Makes a vector of whole numbers, such as a shape.
    init(integers: [Int]) { self.init(shape: [integers.count], .integers(integers)) }

    /// Number of elements.
    var count: Int {
        switch elements {
        case .floats(let values): values.count
        case .integers(let values): values.count
        }
    }

    /// The elements of a tensor of floats; nil for one of whole numbers.
    var floats: [Float]? { if case .floats(let values) = elements { values } else { nil } }
    /// The elements of a tensor of whole numbers; nil for one of floats.
    var integers: [Int]? { if case .integers(let values) = elements { values } else { nil } }
    /// Whether it is what scales of normalisation begin with.
    var isOnes: Bool { floats?.allSatisfy { $0 == 1 } == true }
    /// The only element of a tensor of one, whatever its type and its dimensions; nil for others.
    var scalar: Float? {
        guard count == 1 else { return nil }
        return floats?[0] ?? integers.map { Float($0[0]) }
    }

    /// Number of elements of a shape that a file names.
    /// - Parameter shape: extents, 8 at most.
    /// - Returns: a number below 2⁴⁸, 1 for a scalar.
    /// - Throws: `ConfigurationError` when it is negative or out of all proportion.
    static func count(_ shape: [Int]) throws(ConfigurationError) -> Int {
        guard shape.count <= 8 else { throw ConfigurationError("a tensor has \(shape.count) dimensions") }
        var count = 1
        for extent in shape {
            let (product, overflows) = count.multipliedReportingOverflow(by: extent)
            guard extent >= 0, !overflows, product < 1 << 48 else {
                throw ConfigurationError("a tensor of shape \(shape) cannot be")
            }
            count = product
        }
        return count
    }

    /// Decodes a `TensorProto` (<https://github.com/onnx/onnx/blob/main/onnx/onnx.proto>). Its elements are raw bytes,
    /// numbers in a field of their type, or bytes of another file.
    /// - Parameters:
    ///   - bytes: the message.
    ///   - files: where its elements are, if they are not in the message.
    /// - Returns: its name and itself.
    /// - Throws: `ConfigurationError` when the message is damaged, of another type, or has another number of elements
    ///   than its shape.
    /// - Complexity: O(elements).
    static func decoded(
        _ bytes: ArraySlice<UInt8>, _ files: inout ExternalWeights
    ) throws(ConfigurationError) -> (String, ONNXTensor) {
        var reader = WireReader(bytes)
        var shape: [Int] = []
        var type = 0
        var name = ""
        var raw: ArraySlice<UInt8>?
        var isExternal = false
        var place: [String: String] = [:]
        var integers: [Int] = []
        // Typed fields of floats and doubles, packed or not, are their bytes in a row.
        var typed: [UInt8] = []
        while let (field, value) = try reader.next() {
            switch field {
            case 1: shape += try value.integers()
            case 2: type = try value.integer()
            case 4, 10:
                switch value {
                case .bytes(let bytes): typed += bytes
                case .fixed32(let bits): typed += (0..<4).map { UInt8(truncatingIfNeeded: bits >> (8 * $0)) }
                case .fixed64(let bits): typed += (0..<8).map { UInt8(truncatingIfNeeded: bits >> (8 * $0)) }
                case .varint: throw WireReader.damaged
                }
            case 5, 7: integers += try value.integers()
            case 8: name = try value.text()
            case 9: raw = try value.bytes()
            case 13:
                let (key, value) = try Self.pair(try value.bytes())
                place[key] = value
                isExternal = true
            case 14:
                let isElsewhere = try value.integer() == 1
                isExternal = isExternal || isElsewhere
            default: break
            }
        }
        let count = try count(shape)
        if isExternal {
            guard let width = Self.widths[type] else { throw Self.unknown(type, name) }
            raw = try files.bytes(place, count: count * width, of: name)[...]
        }
        let elements = try Self.elements(type, count, raw: raw, typed: typed, integers: integers, name)
        return (name, ONNXTensor(shape: shape, elements))
    }

    /// Decodes a `StringStringEntryProto`: a key (1) and its value (2).
    private static func pair(_ bytes: ArraySlice<UInt8>) throws(ConfigurationError) -> (String, String) {
        var reader = WireReader(bytes)
        var (key, text) = ("", "")
        while let (field, value) = try reader.next() {
            if field == 1 { key = try value.text() }
            if field == 2 { text = try value.text() }
        }
        return (key, text)
    }

    /// Bytes of an element, by the type's number in `TensorProto.DataType`: f32, i32, i64, bool, f16 and f64.
    private static let widths = [1: 4, 6: 4, 7: 8, 9: 1, 10: 2, 11: 8]

    /// What is said of a tensor whose elements are of a type that no model here has.
    private static func unknown(_ type: Int, _ name: String) -> ConfigurationError {
        ConfigurationError(
            "the tensor '\(name.printable)' has elements of type \(type); f32, f16, f64 and whole numbers are read")
    }

    /// The elements of a tensor, of whatever field they are in.
    /// - Parameters:
    ///   - type: number of the element type, `TensorProto.DataType`.
    ///   - count: number of elements that the shape has.
    ///   - raw: `raw_data`, little-endian, or the bytes of another file; nil when the elements are in a typed field.
    ///   - typed: the bytes of `float_data` or `double_data`, little-endian.
    ///   - integers: `int32_data` or `int64_data`; the former also has the bits of f16.
    ///   - name: the tensor's name, for messages.
    /// - Throws: `ConfigurationError` for other types, and when there are more or fewer than the shape has.
    private static func elements(
        _ type: Int, _ count: Int, raw: ArraySlice<UInt8>?, typed: [UInt8], integers: [Int], _ name: String
    ) throws(ConfigurationError) -> Elements {
        let misfit = ConfigurationError("the tensor '\(name.printable)' has another number of elements than its shape")
        func words<Word: FixedWidthInteger>(_ bytes: ArraySlice<UInt8>, _: Word.Type) throws(ConfigurationError)
            -> [Word]
        {
            let width = Word.bitWidth / 8
            guard bytes.count.isMultiple(of: width), bytes.count / width == count else { throw misfit }
            return bytes.withUnsafeBytes { memory in
                (0..<count).map { Word(littleEndian: memory.loadUnaligned(fromByteOffset: width * $0, as: Word.self)) }
            }
        }
        let bytes = raw ?? typed[...]
        switch type {
        case 1: return .floats(try words(bytes, UInt32.self).map { Float(bitPattern: $0) })
        case 11: return .floats(try words(bytes, UInt64.self).map { Float(Double(bitPattern: $0)) })
        case 10:
            if let raw { return .floats(try words(raw, UInt16.self).map { Float(Float16(bitPattern: $0)) }) }
            guard integers.count == count else { throw misfit }
            return .floats(integers.map { Float(Float16(bitPattern: UInt16(truncatingIfNeeded: $0))) })
        case 6, 7, 9:
            guard let raw else {
                guard integers.count == count else { throw misfit }
                return .integers(integers)
            }
            if type == 9 { return .integers(try words(raw, UInt8.self).map { Int($0) }) }
            if type == 6 { return .integers(try words(raw, Int32.self).map { Int($0) }) }
            return .integers(try words(raw, Int64.self).map { Int($0) })
        default: throw unknown(type, name)
        }
    }
}
