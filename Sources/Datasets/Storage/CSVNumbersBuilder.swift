/// Reads a text table into numbers, and writes them as `CSVNumbers` reads them.
struct CSVNumbersBuilder {
    /// More columns than any image has numbers.
    static let mostFeatures = 1 << 24

    private let choices: CSVNumbers.Choices
    private var labels: [Int32] = []
    private var features: [Float] = []
    private var rows = 0
    /// The labels met, in the order in which they were, and the number of each.
    private var met: [String] = []
    private var numberOf: [String: Int32] = [:]
    private var names: [String] = []

    init(_ choices: CSVNumbers.Choices) {
        self.choices = choices
    }

    /// O(file).
    /// - Throws: `DatasetError.malformed` with the line and the column of what is wrong.
    mutating func read(_ reader: CSVReader) throws(DatasetError) {
        var reader = reader
        var fields: [CSVReader.Field] = []
        var header: [String]?
        let columns = [choices.label] + choices.ignored
        if choices.format.header ?? columns.contains(where: { $0.isName }), try reader.next(&fields) {
            header = fields.map { reader.text($0) }
        }
        var label = 0
        var kept: [Int] = []
        while try reader.next(&fields) {
            if rows == 0 {
                label = try choices.label.index(in: fields.count, names: header, of: reader)
                var ignored: Set = [label]
                for column in choices.ignored {
                    ignored.insert(try column.index(in: fields.count, names: header, of: reader))
                }
                kept = fields.indices.filter { !ignored.contains($0) }
                guard (1...Self.mostFeatures).contains(kept.count) else {
                    throw reader.malformed("has \(kept.count) columns besides the label")
                }
            }
            for column in kept {
                guard let number = reader.number(fields[column]), Float(number).isFinite else {
                    let hint = rows == 0 && header == nil ? "; if this is a header, set header=true" : ""
                    throw reader.malformed(
                        "line \(reader.line), column \(column): '\(reader.excerpt(fields[column]))' is no number\(hint)"
                    )
                }
                features.append(Float(number))
            }
            labels.append(try number(of: fields[label], reader))
            rows += 1
        }
        guard rows > 0 else { throw reader.malformed("holds no samples") }
        guard rows <= Int(UInt32.max) else { throw reader.malformed("holds more than 2^32 - 1 samples") }
        nameClasses()
    }

    /// The class of a label; while the names are not known yet, its place among the labels met.
    private mutating func number(of field: CSVReader.Field, _ reader: CSVReader) throws(DatasetError) -> Int32 {
        if let names = choices.names, names.isEmpty {
            guard let number = Self.wholeNumber(field, reader) else {
                throw reader.malformed(
                    "line \(reader.line): the label '\(reader.excerpt(field))' is no whole number, as in training")
            }
            return number
        }
        let text = Self.wholeNumber(field, reader).map { "\($0)" } ?? reader.text(field)
        if let number = numberOf[text] { return number }
        if let names = choices.names {
            guard let index = names.firstIndex(of: text) else {
                throw reader.malformed(
                    "line \(reader.line): the label '\(reader.excerpt(field))' is none of the training data's")
            }
            numberOf[text] = Int32(index)
            return Int32(index)
        }
        guard met.count < ArrayImages.mostClasses else {
            throw reader.malformed("has more than \(ArrayImages.mostClasses) different labels")
        }
        let number = Int32(met.count)
        met.append(text)
        numberOf[text] = number
        return number
    }

    /// E.g. of `3` and of `3.0`.
    private static func wholeNumber(_ field: CSVReader.Field, _ reader: CSVReader) -> Int32? {
        guard let number = reader.number(field).flatMap({ Int32(exactly: $0) }),
            (0..<Int32(ArrayImages.mostClasses)).contains(number)
        else { return nil }
        return number
    }

    /// Whole numbers from 0 on are classes as they are; other labels are classes in their order.
    private mutating func nameClasses() {
        if let known = choices.names {
            names = known
            return
        }
        var classOf = met.compactMap { Int32($0).flatMap { $0 >= 0 ? $0 : nil } }
        if classOf.count < met.count {
            names = met.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
            let order = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, Int32($0)) })
            classOf = met.compactMap { order[$0] }
        }
        for i in labels.indices { labels[i] = classOf[Int(labels[i])] }
    }

    /// Writes the numbers in the form of a copy in the cache.
    func store(_ write: (UnsafeRawBufferPointer) throws(DatasetError) -> Void) throws(DatasetError) {
        var tail: [UInt8] = []
        for name in names {
            Self.append(UInt32(name.utf8.count), to: &tail)
            tail += name.utf8
        }
        var head: [UInt8] = []
        for number in [rows, features.count / rows, tail.count] { Self.append(UInt64(number), to: &head) }
        // Every machine this runs on is little-endian.
        try Self.write(head, write)
        try Self.write(labels, write)
        try Self.write(features, write)
        try Self.write(tail, write)
    }

    private static func append<Number: FixedWidthInteger>(_ number: Number, to bytes: inout [UInt8]) {
        for shift in stride(from: 0, to: Number.bitWidth, by: 8) {
            bytes.append(UInt8(truncatingIfNeeded: number >> shift))
        }
    }

    private static func write<Number>(
        _ numbers: [Number], _ write: (UnsafeRawBufferPointer) throws(DatasetError) -> Void
    ) throws(DatasetError) {
        try numbers.withUnsafeBufferPointer { numbers throws(DatasetError) in
            try write(UnsafeRawBufferPointer(numbers))
        }
    }
}
