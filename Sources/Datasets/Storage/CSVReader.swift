import FedCore

/// The records of a text table, one after the other, in constant memory besides the text.
///
/// Fields are ranges of the text's bytes; nothing is copied until ``text(_:)`` or ``number(_:)`` asks for a
/// value, so a table of numbers is parsed without a string for each.
///
/// Format: Y. Shafranovich, *Common Format and MIME Type for Comma-Separated Values (CSV) Files*, RFC 4180;
/// also with line feeds alone, another separator, a byte order mark, and empty lines, which are passed over.
struct CSVReader {
    /// Path of the file, for error messages.
    let path: String
    private let bytes: [UInt8]
    let separator: UInt8
    private var position: Int
    /// Line on which the record that was read last begins, from 1.
    private(set) var line = 0
    private var nextLine = 1
    /// Number of fields of the first record, which all others must have.
    private var columns: Int?

    /// One field of a record. It stays valid as long as the reader: the bytes are never changed.
    struct Field {
        /// Bytes of the field, without its quotes if there are any.
        fileprivate let range: Range<Int>
        /// Whether the field is in quotes, so that two quotes within it are one.
        fileprivate let isQuoted: Bool
    }

    /// Reads a text that is in memory.
    ///
    /// - Parameters:
    ///   - bytes: the text; UTF-8 is checked only where a name is needed.
    ///   - path: path for error messages.
    ///   - separator: byte between two fields.
    init(_ bytes: [UInt8], path: String, separator: UInt8 = UInt8(ascii: ",")) {
        self.bytes = bytes
        self.path = path
        self.separator = separator
        position = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
    }

    /// Reads the whole file into memory, decompressed if it is gzip.
    ///
    /// - Throws: ``DatasetError`` when it cannot be read or is not text.
    init(path: String, separator: UInt8 = UInt8(ascii: ",")) throws(DatasetError) {
        try self.init(OpenFile(reading: path), separator: separator)
    }

    /// Reads an open file into memory, from its beginning.
    init(_ file: borrowing OpenFile, separator: UInt8 = UInt8(ascii: ",")) throws(DatasetError) {
        self.init(try TextFile.bytes(of: file), path: file.path, separator: separator)
    }

    /// Reads the next record.
    ///
    /// - Parameter fields: replaced by the record's fields; its memory is used again.
    /// - Returns: false at the end of the file.
    /// - Throws: ``DatasetError/malformed(file:reason:)`` when a quote is not closed, or the record has another
    ///   number of fields than the first.
    /// - Complexity: O(bytes of the record).
    mutating func next(_ fields: inout [Field]) throws(DatasetError) -> Bool {
        fields.removeAll(keepingCapacity: true)
        while position < bytes.count, isLineEnd(bytes[position]) { skipLineEnd() }
        guard position < bytes.count else { return false }
        line = nextLine
        while true {
            fields.append(try field())
            guard position < bytes.count, bytes[position] == separator else { break }
            position += 1
        }
        let columns = columns ?? fields.count
        self.columns = columns
        guard fields.count == columns else {
            throw malformed("line \(line) has \(fields.count) columns instead of \(columns)")
        }
        if position < bytes.count { skipLineEnd() }
        return true
    }

    /// The field at the current position, which moves behind it.
    private mutating func field() throws(DatasetError) -> Field {
        let start = position
        guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else {
            while position < bytes.count, bytes[position] != separator, !isLineEnd(bytes[position]) { position += 1 }
            return Field(range: start..<position, isQuoted: false)
        }
        position += 1
        while position < bytes.count {
            if bytes[position] == UInt8(ascii: "\"") {
                // Two quotes are one that belongs to the text.
                guard position + 1 < bytes.count, bytes[position + 1] == UInt8(ascii: "\"") else { break }
                position += 1
            } else if bytes[position] == UInt8(ascii: "\n") {
                nextLine += 1
            }
            position += 1
        }
        guard position < bytes.count else { throw malformed("line \(line): a quote is not closed") }
        position += 1
        guard position == bytes.count || bytes[position] == separator || isLineEnd(bytes[position]) else {
            throw malformed("line \(line): text after a closing quote")
        }
        return Field(range: start + 1..<position - 1, isQuoted: true)
    }

    /// The bytes of the first line that is not empty.
    var firstLine: ArraySlice<UInt8> {
        bytes.drop { isLineEnd($0) }.prefix { !isLineEnd($0) }
    }

    private func isLineEnd(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") }

    /// Moves behind one line end: CR LF, LF or CR.
    private mutating func skipLineEnd() {
        let isPair =
            bytes[position] == UInt8(ascii: "\r") && position + 1 < bytes.count
            && bytes[position + 1] == UInt8(ascii: "\n")
        position += isPair ? 2 : 1
        nextLine += 1
    }

    /// A field's text, without quotes and without the blanks around it; invalid UTF-8 is replaced.
    func text(_ field: Field) -> String {
        guard field.isQuoted else { return ClassNames.trimmed(String(decoding: bytes[field.range], as: UTF8.self)) }
        // Byte by byte: a combining mark behind two quotes makes the second another character.
        var text: [UInt8] = []
        var isEscaped = false
        for byte in bytes[field.range] {
            isEscaped = byte == UInt8(ascii: "\"") && !isEscaped
            if !isEscaped { text.append(byte) }
        }
        return ClassNames.trimmed(String(decoding: text, as: UTF8.self))
    }

    /// A field's text that is used as a name.
    ///
    /// - Parameters:
    ///   - field: the field.
    ///   - what: what the name is for, in the message, e.g. `line 3: the label`.
    /// - Throws: ``DatasetError/malformed(file:reason:)`` when it is not UTF-8, or holds invisible characters.
    func name(_ field: Field, _ what: @autoclosure () -> String) throws(DatasetError) -> String {
        guard String(validating: bytes[field.range], as: UTF8.self) != nil else {
            throw malformed("\(what()) '\(excerpt(field))' is not UTF-8; save the file as UTF-8")
        }
        let text = text(field)
        if let scalar = text.firstUnprintable {
            throw malformed("\(what()) '\(excerpt(field))' holds \(ClassNames.describe(scalar))")
        }
        return text
    }

    /// The first 40 bytes of a field on one line, for error messages; unprintable characters become `?`.
    func excerpt(_ field: Field) -> String {
        let text = String(decoding: bytes[field.range.prefix(40)], as: UTF8.self)
        return String(String.UnicodeScalarView(text.unicodeScalars.map { $0.isPrintable ? $0 : "?" }))
    }

    /// A field's value, correctly rounded to a Double. Blanks around it are passed over.
    ///
    /// - Returns: nil if it is not a finite decimal number; `nan`, `inf` and hexadecimal numbers are not
    ///   accepted.
    func number(_ field: Field) -> Double? {
        var range = field.range
        while !range.isEmpty, bytes[range.lowerBound] == UInt8(ascii: " ") { range.removeFirst() }
        while !range.isEmpty, bytes[range.upperBound - 1] == UInt8(ascii: " ") { range.removeLast() }
        return Self.shortDecimal(bytes[range]) ?? Self.anyNumber(bytes[range])
    }

    /// The value of up to 16 characters of digits and a point, as nearly all numbers are: an exact whole number
    /// divided by an exact power of ten, which is correctly rounded by IEEE 754's division. Nil for other
    /// texts.
    private static func shortDecimal(_ text: ArraySlice<UInt8>) -> Double? {
        let isNegative = text.first == UInt8(ascii: "-")
        let digits = isNegative ? text.dropFirst() : text
        guard !digits.isEmpty, digits.count <= 16 else { return nil }
        var mantissa = 0
        var divisor: Double?
        for byte in digits {
            if byte == UInt8(ascii: "."), divisor == nil {
                divisor = 1
                continue
            }
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
            mantissa = mantissa * 10 + Int(byte - UInt8(ascii: "0"))
            divisor = divisor.map { $0 * 10 }
        }
        // At most 15 digits and a point, or 16 digits: below 2⁵⁴, and the one bit too many shows in the conversion
        // back.
        guard digits.count > (divisor == nil ? 0 : 1), Int(Double(mantissa)) == mantissa else { return nil }
        let value = Double(mantissa) / (divisor ?? 1)
        return isNegative ? -value : value
    }

    /// The value of any decimal number, exponents included, by the standard library's parser.
    private static func anyNumber(_ text: ArraySlice<UInt8>) -> Double? {
        let isDecimal = { (byte: UInt8) in
            (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || "+-.eE".utf8.contains(byte)
        }
        guard text.allSatisfy(isDecimal), let value = Double(String(decoding: text, as: UTF8.self)), value.isFinite
        else { return nil }
        return value
    }

    /// An error of this file.
    func malformed(_ reason: String) -> DatasetError { .malformed(file: path, reason: reason) }
}
