/// Type of the numbers of an array, stored little-endian; raw values are NumPy's type codes.
enum NumberFormat: String, Sendable, CaseIterable {
    case bool = "b1"
    case uint8 = "u1"
    case int8 = "i1"
    case uint16 = "u2"
    case int16 = "i2"
    case uint32 = "u4"
    case int32 = "i4"
    case uint64 = "u8"
    case int64 = "i8"
    case float16 = "f2"
    case float32 = "f4"
    case float64 = "f8"

    /// Bytes of one number.
    var size: Int {
        switch self {
        case .bool, .uint8, .int8: 1
        case .uint16, .int16, .float16: 2
        case .uint32, .int32, .float32: 4
        case .uint64, .int64, .float64: 8
        }
    }

    /// The value of a number in IEEE 754's binary16, exact as a 32-bit float.
    static func float(half bits: UInt16) -> Float {
        let rest = UInt32(bits & 0x7FFF) << 13
        // The exponent's bias is smaller by 112, also that of numbers below the normal ones; infinity and NaN stay what
        // they are.
        let magnitude = Float(bitPattern: rest) * Float(bitPattern: 0x7780_0000)
        let pattern = rest >= 0x0F80_0000 ? rest | 0x7F80_0000 : magnitude.bitPattern
        return Float(bitPattern: pattern | UInt32(bits & 0x8000) << 16)
    }
}

extension MappedFile {
    /// The number at `offset` as an Int; nil if it is not whole or too large for one.
    func integer(_ format: NumberFormat, at offset: Int) -> Int? {
        switch format {
        case .bool, .uint8: Int(load(UInt8.self, at: offset))
        case .int8: Int(load(Int8.self, at: offset))
        case .uint16: Int(UInt16(littleEndian: load(at: offset)))
        case .int16: Int(Int16(littleEndian: load(at: offset)))
        case .uint32: Int(UInt32(littleEndian: load(at: offset)))
        case .int32: Int(Int32(littleEndian: load(at: offset)))
        case .uint64: Int(exactly: UInt64(littleEndian: load(at: offset)))
        case .int64: Int(Int64(littleEndian: load(at: offset)))
        case .float16: Int(exactly: NumberFormat.float(half: UInt16(littleEndian: load(at: offset))))
        case .float32: Int(exactly: Float(bitPattern: UInt32(littleEndian: load(at: offset))))
        case .float64: Int(exactly: Double(bitPattern: UInt64(littleEndian: load(at: offset))))
        }
    }

    /// The bits of a number at any offset, aligned or not.
    private func load<Number: BitwiseCopyable>(_ type: Number.Type = Number.self, at offset: Int) -> Number {
        address(of: offset..<offset + MemoryLayout<Number>.size).loadUnaligned(as: Number.self)
    }

    /// Converts numbers to floats and divides them.
    ///
    /// - Parameters:
    ///   - format: type of the numbers in the file.
    ///   - offset: byte of the first number.
    ///   - count: number of numbers.
    ///   - stride: distance from one number to the next, in numbers: 1 reads neighbours, more picks one channel
    ///     out of pixels.
    ///   - divisor: number by which each is divided, > 0.
    ///   - result: receives them at `position ..< position + count`.
    ///   - position: index of the first float.
    /// - Precondition: numbers and floats lie within their bounds.
    /// - Complexity: O(count), without allocation.
    func readFloats(
        _ format: NumberFormat, at offset: Int, count: Int, stride: Int = 1, dividedBy divisor: Float,
        into result: inout MutableSpan<Float>, at position: Int
    ) {
        guard count > 0 else { return }
        if format == .uint8, divisor == 255, stride == 1 {
            return readUnitFloats(at: offset, count: count, into: &result, at: position)
        }
        precondition(position >= 0 && position <= result.count - count, "the floats do not fit")
        let bytes = address(of: offset..<offset + ((count - 1) * stride + 1) * format.size)
        let step = stride * format.size
        /// One loop for each type.
        func read<Number: BitwiseCopyable>(_ float: (Number) -> Float) {
            for i in 0..<count {
                result[unchecked: position + i] =
                    float(bytes.loadUnaligned(fromByteOffset: i * step, as: Number.self)) / divisor
            }
        }
        switch format {
        case .bool, .uint8: read { (number: UInt8) in Float(number) }
        case .int8: read { (number: Int8) in Float(number) }
        case .uint16: read { Float(UInt16(littleEndian: $0)) }
        case .int16: read { Float(Int16(littleEndian: $0)) }
        case .uint32: read { Float(UInt32(littleEndian: $0)) }
        case .int32: read { Float(Int32(littleEndian: $0)) }
        case .uint64: read { Float(UInt64(littleEndian: $0)) }
        case .int64: read { Float(Int64(littleEndian: $0)) }
        case .float16: read { NumberFormat.float(half: UInt16(littleEndian: $0)) }
        case .float32: read { Float(bitPattern: UInt32(littleEndian: $0)) }
        case .float64: read { Float(Double(bitPattern: UInt64(littleEndian: $0))) }
        }
    }
}
