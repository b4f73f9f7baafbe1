/// The texts of one column of a table, each of which becomes a feature: 1 where the column says it, 0 elsewhere.
///
/// Their order depends on the set of texts, not on that of the rows.
struct CSVCategories {
    /// Largest number of texts in a column. More are names of the rows, not kinds of them.
    static let most = 1024

    /// The place of a text that the training table does not have, where such texts are none of its texts.
    static let unknown = -1

    /// Texts of the training table; nil: whatever texts there are.
    private let known: [String]?
    /// What becomes of texts that are not among these.
    private let treatment: UnknownTexts
    /// The different texts in the order in which they were met, with the number that each is.
    private var met: [(text: String, value: Double?)] = []
    /// Whether each is of a row that is kept.
    private var isUsed: [Bool] = []
    /// The place among ``met``, or in ``known``, of each text.
    private var placeOf: [String: Int]

    /// Creates an empty list.
    ///
    /// - Parameters:
    ///   - known: texts of the training table, which must not be fewer; nil: whatever texts there are.
    ///   - unknown: what becomes of others.
    init(known: [String]?, unknown: UnknownTexts) {
        self.known = known
        treatment = unknown
        placeOf = Dictionary((known ?? []).enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// The place of a text, which ``sorted()`` turns into one in their order. O(1) on average.
    ///
    /// - Parameters:
    ///   - field: the field.
    ///   - column: the column for messages, e.g. `column 3`.
    ///   - reader: the table's reader.
    ///   - keepsWords: whether words for "no value" are texts like others.
    /// - Returns: nil when the text is missing; ``unknown`` when it is none of the known ones, and may be.
    /// - Throws: ``DatasetError/malformed(file:reason:)`` when it cannot be shown, is none of the known ones, or there are
    ///   too many different ones.
    mutating func place(
        of field: CSVReader.Field, column: @autoclosure () -> String, _ reader: CSVReader, keepsWords: Bool
    ) throws(DatasetError) -> Int? {
        let (text, value) = try reader.category(field, "line \(reader.line), \(column()): the text")
        if let place = placeOf[text] { return place }
        if MissingValues.isMissing(text), !keepsWords || text.isEmpty { return nil }
        if let known {
            switch treatment {
            case .zero: return Self.unknown
            case .missing: return nil
            case .refuse: break
            }
            throw reader.malformed(
                "line \(reader.line), \(column()): '\(reader.excerpt(field))' is none of the texts that were trained on: "
                    + CSVHeader.list(known) + "; --dataset-options unknown=zero takes it for none of them")
        }
        guard met.count < Self.most else {
            throw reader.malformed(
                "\(column()) has more than \(Self.most) different texts; option ignore leaves it out")
        }
        met.append((text, value))
        isUsed.append(false)
        placeOf[text] = met.count - 1
        return met.count - 1
    }

    /// Takes note that the row of a text is kept.
    mutating func use(_ place: Int) {
        if known == nil, place >= 0 { isUsed[place] = true }
    }

    /// The texts of rows that are kept in their order, and the place in it of each text met: numbers by value, then texts
    /// by their UTF-8.
    func sorted() -> (names: [String], placeOf: [Int]) {
        if let known { return (known, Array(known.indices)) }
        let order = met.indices.filter { isUsed[$0] }.sorted { Self.precedes(met[$0], met[$1]) }
        var placeOf = [Int](repeating: 0, count: met.count)
        for (place, number) in order.enumerated() { placeOf[number] = place }
        return (order.map { met[$0].text }, placeOf)
    }

    /// Whether one text comes before another.
    static func precedes(_ a: (text: String, value: Double?), _ b: (text: String, value: Double?)) -> Bool {
        switch (a.value, b.value) {
        case (let x?, let y?): x < y
        case (nil, nil): a.text.utf8.lexicographicallyPrecedes(b.text.utf8)
        case (let x, _): x != nil
        }
    }
}
