import FedCore
import Federation

/// What `fedmpi predict --table` prints: accuracy by class, or the metrics of what else a model has learnt; of rows
/// without labels how many are taken for what.
struct PredictionText {
    /// What is counted of the answers whose truth is known.
    let tally: AnswerTally
    /// What the model says of the others.
    let unknown: PredictedCounts
    /// What the model has learnt.
    let task: LearningTask
    /// Names of the classes or labels; empty where they are called by their numbers.
    let names: [String]
    /// The samples in words, e.g. `the 60 rows of new.csv`.
    let samples: String
    /// What is to be said where some have no label; nil where all have one.
    let unlabelled: UnlabelledRows?

    /// The table, and a line below it that says what it is of.
    ///
    /// - Throws: `ConfigurationError` when there is nothing to count: numbers are predicted, and no target is known.
    func text() throws(ConfigurationError) -> String {
        var parts: [String] = []
        if task.hasClasses, tally.confusion.samples > 0, let accuracy = tally.confusion.accuracy {
            parts.append(PredictionTable(confusion: tally.confusion.table, names: names).text)
            let known = unlabelled.map { "the \(Format.grouped($0.labelled)) with a label of " } ?? ""
            parts.append("\(Format.percent(accuracy)) of \(known)\(samples)")
        } else if let measured {
            parts += [measured, "on \(samples)"]
        }
        if let table = unknown.text(names) { parts.append(table) }
        guard !parts.isEmpty else {
            throw ConfigurationError(
                "there is nothing to count in \(samples): leave --table out to see what is predicted for each")
        }
        if let unlabelled { parts.append(unlabelled.text) }
        return parts.joined(separator: "\n\n")
    }

    /// A line for each figure of a model whose answers are not classes; nil where no truth is known.
    private var measured: String? {
        var lines = tally.measured.sorted { $0.key.name < $1.key.name }.map { metric, value in
            (metric.title, (Format.value(value, of: metric) ?? "-") + metric.suffix)
        }
        if tally.confusion.samples > 0, let accuracy = tally.confusion.accuracy {
            lines.insert(("accuracy", Format.percent(accuracy)), at: 0)
        }
        guard !lines.isEmpty else { return nil }
        return lines.map { Format.leftAligned($0, to: 10) + $1 }.joined(separator: "\n")
    }
}

/// What a model says of samples whose truth nobody knows: how many are taken for each class, or have each label.
struct PredictedCounts {
    /// How many samples were added.
    private(set) var samples = 0
    /// How many of them are of each class, or have each label.
    private(set) var counts: [Int]
    /// The sums of the probabilities of those that are.
    private var probabilities: [Double]

    /// Nothing counted.
    ///
    /// - Parameter classes: outputs of the model.
    init(classes: Int) {
        counts = [Int](repeating: 0, count: classes)
        probabilities = [Double](repeating: 0, count: classes)
    }

    /// Counts a sample by its prediction. Numbers that are predicted are not counted.
    mutating func add(_ prediction: Prediction) {
        guard let said = prediction.class.map({ [$0] }) ?? prediction.labels else { return }
        samples += 1
        for place in said {
            counts[place] += 1
            probabilities[place] += prediction.probabilities?[place] ?? 0
        }
    }

    /// A row for each class or label that some sample is taken for, with the mean of the probabilities that the model
    /// gives it there; nil where nothing was counted.
    ///
    /// - Parameter names: names of the classes or labels; empty where they are called by their numbers.
    func text(_ names: [String]) -> String? {
        guard samples > 0 else { return nil }
        var table = TextTable([
            ("predicted", .left), ("samples", .right), ("share", .right), ("mean probability", .right),
        ])
        for (place, count) in counts.enumerated() where count > 0 {
            table.add([
                names.indices.contains(place) ? names[place] : "\(place)", Format.grouped(count),
                Format.percent(Double(count) / Double(samples)), Format.fixed(probabilities[place] / Double(count), 3),
            ])
        }
        return table.text
    }
}

/// The words for rows of which it is not known what they are: they are predicted, and no accuracy is of them.
struct UnlabelledRows {
    /// How many rows are known to be something.
    let labelled: Int
    /// How many there are.
    let count: Int
    /// Whether classes are what is not known, or labels; otherwise numbers.
    let areLabels: Bool
    /// All of them in words, e.g. `the 60 rows of new.csv`.
    let rows: String

    /// Describes samples.
    ///
    /// - Parameters:
    ///   - labelled: how many of them have a label or targets.
    ///   - count: how many there are.
    ///   - task: what is to be predicted.
    ///   - rows: all of them in words.
    init(_ labelled: Int, of count: Int, _ task: LearningTask, _ rows: String) {
        (self.labelled, self.count, self.rows) = (labelled, count, rows)
        if case .values = task { areLabels = false } else { areLabels = true }
    }

    /// One line.
    var text: String {
        let what = areLabels ? "label" : "target"
        return labelled == 0
            ? "no \(what) in \(rows): they are predicted, and nothing tells how \(areLabels ? "often that is right" : "far off that is")"
            : "no \(what) in \(Format.grouped(count - labelled)) of \(rows): accuracy is of the other "
                + Format.grouped(labelled)
    }
}
