/// One array of NumPy's, mapped. Opening checks the header against the length, and reads no data.
///
/// Arrays in Fortran's order, big-endian numbers, objects and texts are refused with the line of Python that converts
/// them.
///
/// Format: NumPy's documentation, `numpy.lib.format`, versions 1.0 to 3.0:
/// https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
struct NPYArray: Sendable {
    /// Path of the file as the user knows it; of an archive, with the member in brackets.
    let path: String
    let bytes: MappedFile
    /// Byte in `bytes` at which the data begin.
    let dataOffset: Int
    /// Type of the numbers.
    let format: NumberFormat
    /// Extents: at least one dimension, each at least 1. The first is the number of samples.
    let shape: [Int]

    /// Number of samples.
    var count: Int { shape[0] }
    /// Bytes of the data.
    var byteCount: Int { shape.reduce(format.size, *) }

    /// Maps a `.npy` file.
    ///
    /// - Throws: ``DatasetError`` when it cannot be read or is not such an array.
    init(path: String) throws(DatasetError) {
        let bytes = try MappedFile(path: path)
        try self.init(path: path, bytes, in: 0..<bytes.count)
    }

    /// Reads the header of an array within a mapped file, such as a stored member of an archive.
    ///
    /// - Parameters:
    ///   - path: path for error messages.
    ///   - bytes: the mapped file.
    ///   - range: bytes of the array, header included.
    /// - Throws: ``DatasetError`` when it is not an array that can be read, or its length is not what the
    ///   header promises.
    init(path: String, _ bytes: MappedFile, in range: Range<Int>) throws(DatasetError) {
        let header = try Self.header(path, bytes, in: range)
        let (format, shape) = try Self.parse(header.text, path: path)
        self.path = path
        self.bytes = bytes
        self.format = format
        self.shape = shape
        dataOffset = range.lowerBound + header.length
        var size = format.size
        for dimension in shape {
            let (product, overflows) = size.multipliedReportingOverflow(by: dimension)
            // A quarter of the address space leaves room for the header in every sum that follows.
            guard dimension > 0, !overflows, product < Int.max / 4 else {
                throw .malformed(
                    file: path, reason: "unusable shape \(shape.map { "\($0)" }.joined(separator: "×"))")
            }
            size = product
        }
        let expected = header.length + size
        guard range.count >= expected else {
            throw .truncated(file: path, expectedBytes: expected, actualBytes: range.count)
        }
        guard range.count == expected else { throw .trailingBytes(file: path, expectedBytes: expected) }
    }

    /// The header's text, and the number of bytes before the data.
    private static func header(
        _ path: String, _ bytes: MappedFile, in range: Range<Int>
    ) throws(DatasetError) -> (text: String, length: Int) {
        let start = bytes.copy(range.prefix(12))
        guard start.starts(with: [0x93] + Array("NUMPY".utf8)) else {
            let kind = FileKind(bytes.copy(range.prefix(FileKind.headBytes))).map { ": it \($0.description)" } ?? ""
            throw .malformed(file: path, reason: "is no NumPy array (.npy)\(kind)")
        }
        let version = start.count > 6 ? start[6] : 0
        // The header's length has two bytes in version 1, four later.
        let textStart = version == 1 ? 10 : 12
        guard start.count >= textStart else {
            throw .truncated(file: path, expectedBytes: textStart, actualBytes: range.count)
        }
        guard (1...3).contains(version) else {
            throw .malformed(file: path, reason: "version \(version) of NumPy's format is not known")
        }
        let length = textStart + start[8..<textStart].reversed().reduce(0) { $0 << 8 | Int($1) }
        guard length <= range.count else {
            throw .truncated(file: path, expectedBytes: length, actualBytes: range.count)
        }
        // Headers are some hundred bytes; this bound is NumPy's own.
        guard length - textStart <= 10_000 else { throw .malformed(file: path, reason: "its header is too long") }
        let text = bytes.copy(range.lowerBound + textStart..<range.lowerBound + length)
        return (String(decoding: text, as: UTF8.self), length)
    }

    /// Type and shape from the header, which is a literal of Python's: `{'descr': '<f4', 'fortran_order':
    /// False, 'shape': (3, 4), }`.
    private static func parse(
        _ header: String, path: String
    ) throws(DatasetError) -> (NumberFormat, [Int]) {
        func value(of key: String) throws(DatasetError) -> Substring {
            guard let place = header.firstRange(of: "'\(key)':") else {
                throw .malformed(file: path, reason: "its header has no '\(key)'")
            }
            return header[place.upperBound...].drop { $0 == " " }
        }
        let type = try value(of: "descr")
        let code = type.dropFirst().prefix { $0 != "'" && !$0.isNewline }
        let format = NumberFormat.allCases.first { code == ($0.size > 1 ? "<" : "|") + $0.rawValue }
        guard type.first == "'", let format else {
            let known = NumberFormat.allCases.map { $0.rawValue }.joined(separator: ", ")
            throw .malformed(
                file: path, reason: "its type is none of: \(known) (little-endian)\(Self.remedy(forType: type))")
        }
        guard try value(of: "fortran_order").hasPrefix("False") else {
            throw .malformed(file: path, reason: "is in Fortran's order; save numpy.ascontiguousarray of it")
        }
        let tuple = try value(of: "shape")
        guard tuple.first == "(", let end = tuple.firstIndex(of: ")") else {
            throw .malformed(file: path, reason: "its header has no shape")
        }
        var shape: [Int] = []
        for part in tuple[..<end].dropFirst().split(separator: ",") {
            let text = part.filter { $0 != " " }
            if text.isEmpty { continue }
            guard let dimension = Int(text), dimension >= 0 else {
                throw .malformed(file: path, reason: "its header has no shape")
            }
            shape.append(dimension)
        }
        guard !shape.isEmpty, shape.count <= 32 else { throw .malformed(file: path, reason: "is no array of samples") }
        return (format, shape)
    }

    /// Advice for an array of a type that is not read; empty when there is none.
    private static func remedy(forType type: Substring) -> String {
        guard type.first == "'" else { return "; save each field as an array of its own" }
        let code = type.dropFirst().prefix { $0 != "'" && !$0.isNewline }.prefix(16)
        return switch code.first(where: { !"<>|=".contains($0) }) {
        case "O":
            ", it is of Python's objects; save numpy.stack of the images, numpy.array(labels, dtype=numpy.int64)"
        case "U", "S":
            ", it is of texts; save numpy.unique(labels, return_inverse=True)[1], which numbers them in order"
        case "b", "u", "i", "f":
            ", it is '\(code)'; save array.astype(array.dtype.newbyteorder('<')), or as numpy.float32"
        case "c": ", it is of complex numbers; save real and imaginary parts as channels"
        default: ""
        }
    }

    /// An element, counted in the order of the file; nil if it is not a whole number that an Int holds.
    func integer(_ index: Int) -> Int? { bytes.integer(format, at: dataOffset + index * format.size) }

    /// The rows of a table of counts, `[rows, columns]`.
    ///
    /// - Throws: ``DatasetError/malformed(file:reason:)`` when it has not two dimensions, or a number is not in
    ///   0 … 2³¹ − 1.
    func countRows() throws(DatasetError) -> [[Int]] {
        guard shape.count == 2 else { throw .malformed(file: path, reason: "is no table of rows and columns") }
        var rows: [[Int]] = []
        for row in 0..<shape[0] {
            var counts: [Int] = []
            for column in 0..<shape[1] {
                guard let count = integer(row * shape[1] + column), (0...Int(Int32.max)).contains(count) else {
                    throw .malformed(file: path, reason: "row \(row), column \(column) is no count")
                }
                counts.append(count)
            }
            rows.append(counts)
        }
        return rows
    }

    /// One column of whole numbers; all of them if the array has one dimension.
    ///
    /// - Parameter column: number of the column, negative from the end; arrays have no names.
    /// - Throws: ``DatasetError/malformed(file:reason:)`` when there is no such column, or a number is not
    ///   whole.
    func integers(column: CSVReader.Column) throws(DatasetError) -> [Int] {
        let width = shape.dropFirst().reduce(1, *)
        guard shape.count <= 2, let number = Int(column.text), (-width..<width).contains(number) else {
            throw .malformed(file: path, reason: "has no column '\(column.text)'")
        }
        var values: [Int] = []
        for row in 0..<count {
            guard let value = integer(row * width + (number < 0 ? number + width : number)) else {
                throw .malformed(file: path, reason: "row \(row) is no whole number")
            }
            values.append(value)
        }
        return values
    }
}
