import FedCore

/// The columns of a text table that a model was trained on. With them rows are read that are to be predicted, without
/// that table: by name, in any order and among others, or where columns have no names by their places.
public struct TableColumns: Sendable, Equatable, Codable {
    /// A column of labels or targets.
    struct Answer: Sendable, Equatable, Codable {
        /// Its index, from 0.
        let column: Int
        /// Nil without a header.
        let name: String?
    }

    /// A column of features.
    struct Feature: Sendable, Equatable, Codable {
        /// Its index, from 0.
        let column: Int
        /// Nil without a header.
        let name: String?
        /// The texts that became features, in their order; nil of a column of numbers.
        let texts: [String]?
    }

    /// Where another table has these columns: indices from 0.
    struct Places: Equatable {
        /// In the model's order.
        let features: [Int]
        /// Empty where the table does not have all of them.
        let answers: [Int]
    }

    /// Number of columns, those that are ignored included.
    let count: Int
    /// The labels or the targets, in the order of the model's outputs.
    let answers: [Answer]
    /// In the order of the model's inputs.
    let features: [Feature]
    /// Number of classes; nil of targets.
    var classes: Int?
    /// The number that stands for a missing one, for each of the model's inputs; nil where there must not be any.
    public internal(set) var filling: [Float]?

    /// Whether columns are found by their names: all have one, and no two the same.
    var areNamed: Bool {
        let names = (features.map(\.name) + answers.map(\.name)).compactMap { $0 }
        return names.count == features.count + answers.count && Set(names).count == names.count
    }

    /// Names of the model's inputs, in their order: of a column of texts one for each text, `colour=red`.
    public var inputNames: [String] {
        features.flatMap { feature -> [String] in
            let name = feature.name ?? "column \(feature.column)"
            return feature.texts.map { $0.map { "\(name)=\($0)" } } ?? [name]
        }
    }

    /// The texts of each column of texts.
    var categories: [[String]] { features.compactMap(\.texts) }

    /// Whether it can be what a table was: it may come from a file of anybody's.
    public var isPossible: Bool {
        let columns = features.map(\.column) + answers.map(\.column)
        let inputs = features.map { $0.texts?.count ?? 1 }
        return (1...CSVNumbersBuilder.mostFeatures).contains(count) && !features.isEmpty && !answers.isEmpty
            && columns.allSatisfy((0..<count).contains) && Set(columns).count == columns.count
            && inputs.allSatisfy((1...CSVCategories.most).contains)
            && (classes.map { (1...ArrayImages.mostClasses).contains($0) && answers.count == 1 } ?? true)
            && (filling.map { $0.count == inputs.reduce(0, +) && $0.allSatisfy(\.isFinite) } ?? true)
    }

    /// Finds the columns in a table of rows to predict.
    ///
    /// - Parameters:
    ///   - names: names of the table's columns; nil without a header.
    ///   - columns: number of the table's columns.
    ///   - reader: the table's reader, for messages.
    /// - Throws: ``DatasetError/malformed(file:reason:)`` when columns of features are missing, or it cannot be told which
    ///   are which.
    func places(
        _ names: [String]?, of columns: Int, in reader: CSVReader
    ) throws(DatasetError) -> Places {
        guard areNamed, let names else { return try places(of: columns, in: reader) }
        let placeOf = Dictionary(names.enumerated().map { ($1, $0) }) { first, _ in first }
        let wanted = features.compactMap(\.name)
        let missing = wanted.filter { placeOf[$0] == nil }
        guard missing.isEmpty else {
            let named = "line \(reader.line) names \(CSVHeader.list(names, most: 12))"
            let hint =
                missing.count == wanted.count
                ? "; header=false reads rows without a header" : ""
            throw reader.malformed(
                "has no column\(missing.count == 1 ? "" : "s") \(missing.prefix(5).map { "'\($0)'" }.joined(separator: ", "))\(missing.count > 5 ? ", …" : ""), which the "
                    + "model was trained on; \(named)"
                    + "\(reader.separatorHint(columns: columns))\(hint)")
        }
        if let twice = wanted.first(where: { name in names.count { $0 == name } > 1 }) {
            throw reader.malformed("has two columns '\(twice)'")
        }
        let answers = answers.compactMap { $0.name.flatMap { placeOf[$0] } }
        return Places(
            features: wanted.compactMap { placeOf[$0] }, answers: answers.count == self.answers.count ? answers : [])
    }

    /// The same without names: all columns of the table to train on, or all but the labels, or the features alone.
    private func places(of columns: Int, in reader: CSVReader) throws(DatasetError) -> Places {
        let own = features.map(\.column)
        switch columns {
        case count: return Places(features: own, answers: answers.map(\.column))
        case count - answers.count:
            return Places(features: own.map { place in place - answers.count { $0.column < place } }, answers: [])
        case features.count: return Places(features: Array(own.indices), answers: [])
        default:
            throw reader.malformed(
                "has \(NumberText.count(columns, "column")); the table to train on has \(count), \(count - answers.count) "
                    + "without what is to be predicted\(reader.separatorHint(columns: columns))")
        }
    }
}
