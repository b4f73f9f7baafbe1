import FedCore

/// A constant tensor of a file: an initializer, or the value of a `Constant`.
struct ONNXTensor {
    /// Its elements, of the types that models here have.
    enum Elements {
        case floats([Float])
        case integers([Int])
    }

    let shape: [Int]
    let elements: Elements

    init(shape: [Int], _ elements: Elements) {
        self.shape = shape
        self.elements = elements
    }

    init(integers: [Int]) { self.init(shape: [integers.count], .integers(integers)) }

    var count: Int {
        switch elements {
        case .floats(let values): values.count
        case .integers(let values): values.count
        }
    }

    var floats: [Float]? { if case .floats(let values) = elements { values } else { nil } }
    var integers: [Int]? { if case .integers(let values) = elements { values } else { nil } }
    /// Whether it is what scales of normalisation begin with.
    var isOnes: Bool { floats?.allSatisfy { $0 == 1 } == true }
    /// The only element of a tensor of one.
    var scalar: Float? {
        guard count == 1 else { return nil }
        return floats?[0] ?? integers.map { Float($0[0]) }
    }

    /// Number of elements of a shape that a file names.
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

    /// Decodes a `TensorProto`.
    /// - Parameter files: where its elements are, if they are not in the message.
    /// - Returns: its name and itself.
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

    /// Decodes a `StringStringEntryProto`.
    private static func pair(_ bytes: ArraySlice<UInt8>) throws(ConfigurationError) -> (String, String) {
        var reader = WireReader(bytes)
        var (key, text) = ("", "")
        while let (field, value) = try reader.next() {
            if field == 1 { key = try value.text() }
            if field == 2 { text = try value.text() }
        }
        return (key, text)
    }

    /// Bytes of an element, by the type's number.
    private static let widths = [1: 4, 6: 4, 7: 8, 9: 1, 10: 2, 11: 8]

    private static func unknown(_ type: Int, _ name: String) -> ConfigurationError {
        ConfigurationError(
            "the tensor '\(name.printable)' has elements of type \(type); f32, f16, f64 and whole numbers are read")
    }

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
