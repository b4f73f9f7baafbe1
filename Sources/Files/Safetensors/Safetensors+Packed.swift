// Tensors with many zeros: which elements are not zero, a bit each, and these.
extension Safetensors {
    /// What follows a parameter's name in the name of its mask.
    private static let mask = ".mask"
    /// What follows a parameter's name in the name of its elements that are not zero.
    private static let values = ".values"

    /// The same file with each matrix or filter in the form that takes fewer bytes.
    ///
    /// That is: as it is, or as `NAME.mask`, a bit for each element (row-major, the first in a byte's lowest
    /// bit) that says whether it is not zero, and `NAME.values`, the elements that are not. For 32-bit floats
    /// this is smaller as soon as a little more than 1/32 of the elements are zero, for 8-bit integers 1/8.
    /// Negative zeros become zeros.
    ///
    /// - Complexity: O(elements).
    package func packed() -> Safetensors {
        Safetensors(
            tensors.flatMap { tensor -> [Tensor] in
                guard tensor.shape.count > 1 else { return [tensor] }
                let parts: [Tensor]
                switch tensor.elements {
                case .float32(let values): parts = Self.pack(tensor.name, values) { .float32($0) }
                case .int8(let values): parts = Self.pack(tensor.name, values) { .int8($0) }
                case .uint8: return [tensor]
                }
                let bytes = parts.reduce(0) { $0 + $1.elements.byteCount }
                return bytes < tensor.elements.byteCount ? parts : [tensor]
            }, metadata: metadata)
    }

    /// The mask and the values of one tensor.
    private static func pack<Element: Numeric>(
        _ name: String, _ elements: [Element], _ make: ([Element]) -> Elements
    ) -> [Tensor] {
        var bits = [UInt8](repeating: 0, count: (elements.count + 7) / 8)
        for (i, element) in elements.enumerated() where element != 0 { bits[i / 8] |= 1 << UInt8(i % 8) }
        let kept = elements.filter { $0 != 0 }
        return [
            Tensor(name: name + mask, shape: [bits.count], elements: .uint8(bits)),
            Tensor(name: name + values, shape: [kept.count], elements: make(kept)),
        ]
    }

    /// The file without packed tensors; the inverse of ``packed()``.
    ///
    /// - Parameter shapes: the shapes of the tensors that may be packed, by name; a mask does not have the
    ///   shape in it.
    /// - Throws: ``SafetensorsError`` when a mask and its values do not go together, or a tensor is there in
    ///   both forms.
    package func unpacked(_ shapes: [String: [Int]]) throws(SafetensorsError) -> Safetensors {
        var result: [Tensor] = []
        var valuesByName: [String: Elements] = [:]
        for tensor in tensors where tensor.name.hasSuffix(Self.values) { valuesByName[tensor.name] = tensor.elements }
        for tensor in tensors where !tensor.name.hasSuffix(Self.values) {
            guard tensor.name.hasSuffix(Self.mask) else {
                result.append(tensor)
                continue
            }
            let name = String(tensor.name.dropLast(Self.mask.count))
            guard let shape = shapes[name] else { throw .unexpected(tensor: tensor.name) }
            guard case .uint8(let bits) = tensor.elements else {
                throw .wrongType(tensor: tensor.name, expected: "U8", actual: tensor.elements.type)
            }
            guard let values = valuesByName.removeValue(forKey: name + Self.values) else {
                throw .missing(tensor: name + Self.values)
            }
            let elements: Elements
            switch values {
            case .float32(let values): elements = .float32(try Self.unpack(name, bits, values, shape))
            case .int8(let values): elements = .int8(try Self.unpack(name, bits, values, shape))
            case .uint8: throw .wrongType(tensor: name + Self.values, expected: "F32", actual: "U8")
            }
            result.append(Tensor(name: name, shape: shape, elements: elements))
        }
        if let name = valuesByName.keys.min() { throw .missing(tensor: name.dropLast(Self.values.count) + Self.mask) }
        guard Set(result.map(\.name)).count == result.count else {
            throw .badHeader("a tensor is there twice, packed and as it is")
        }
        return Safetensors(result, metadata: metadata)
    }

    /// Puts the values where the mask has its bits, and zeros elsewhere.
    ///
    /// - Throws: ``SafetensorsError`` when the mask's length, its number of bits, or a bit behind the last
    ///   element is wrong.
    private static func unpack<Element: Numeric>(
        _ name: String, _ bits: [UInt8], _ values: [Element], _ shape: [Int]
    ) throws(SafetensorsError) -> [Element] {
        let count = shape.reduce(1, *)
        guard bits.count == (count + 7) / 8 else {
            throw .wrongShape(tensor: name + mask, expected: [(count + 7) / 8], actual: [bits.count])
        }
        let kept = bits.reduce(0) { $0 + $1.nonzeroBitCount }
        guard values.count == kept else {
            throw .wrongShape(tensor: name + Self.values, expected: [kept], actual: [values.count])
        }
        var elements = [Element](repeating: 0, count: count)
        var next = 0
        for (byte, bits) in bits.enumerated() {
            for bit in 0..<8 where bits >> UInt8(bit) & 1 == 1 {
                guard 8 * byte + bit < count else {
                    throw .inconsistent(tensor: name + mask, reason: "has bits beyond its last element")
                }
                elements[8 * byte + bit] = values[next]
                next += 1
            }
        }
        return elements
    }
}
