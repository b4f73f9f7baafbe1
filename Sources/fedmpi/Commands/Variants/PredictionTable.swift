import Federation

/// How often a model is right on each class, as a table for people: `fedmpi predict --table`.
struct PredictionTable {
    /// Samples `[true class][what the model says]`.
    let confusion: [[Int]]
    /// Names of the classes; empty where they are called by their numbers.
    let names: [String]

    /// A row for each class that has samples: how many are right, and what the others are mistaken for most often.
    var text: String {
        var table = TextTable([
            ("class", .left), ("samples", .right), ("right", .right), ("accuracy", .right),
            ("mistaken most often for", .left),
        ])
        for (label, row) in confusion.enumerated() {
            let samples = row.reduce(0, +)
            guard samples > 0 else { continue }
            let others = row.enumerated().filter { $0.offset != label && $0.element > 0 }
                .sorted { ($1.element, $0.offset) < ($0.element, $1.offset) }
            table.add([
                name(label), Format.grouped(samples), Format.grouped(row[label]),
                Format.percent(Double(row[label]) / Double(samples)),
                others.prefix(2).map { "\(name($0.offset)) (\(Format.grouped($0.element)))" }.joined(separator: ", "),
            ])
        }
        return table.text
    }

    /// A class's name, or its number.
    private func name(_ label: Int) -> String { names.indices.contains(label) ? names[label] : "\(label)" }
}
