import FedCore

/// Predictions as comma-separated values: a column for each probability, named after its class, for a data frame or a
/// sheet.
struct PredictionColumns {
    /// What the model has learnt.
    let task: LearningTask
    /// Names of the classes, labels or targets; empty where they are called by their numbers.
    let names: [String]
    /// What a sample's place is called: `row` or `image`.
    let place: String
    /// Whether the truth of some sample is known, and has columns.
    let hasTruth: Bool

    /// The line of titles.
    var titles: String {
        let outputs = (0..<task.outputs).map { names.indices.contains($0) ? names[$0] : "\($0)" }
        var titles = [place]
        switch task {
        case .classes: titles += ["class", "name"] + (hasTruth ? ["label"] : [])
        case .labels: titles += hasTruth ? outputs.map { "target_\($0)" } : []
        case .values:
            titles += outputs.map { "value_\($0)" } + (hasTruth ? outputs.map { "target_\($0)" } : [])
            return CSVLine.text(titles)
        }
        return CSVLine.text(titles + outputs.map { "probability_\($0)" })
    }

    /// The line of a sample, without its end.
    func line(_ prediction: Prediction) -> String {
        var cells = [(prediction.row ?? prediction.image).map { "\($0)" } ?? ""]
        let truth = hasTruth ? prediction.targets?.map { "\($0)" } ?? Array(repeating: "", count: task.outputs) : []
        switch task {
        case .classes:
            cells += [prediction.class.map { "\($0)" } ?? "", prediction.name ?? ""]
            if hasTruth { cells.append(prediction.label.map { "\($0)" } ?? "") }
        case .labels: cells += truth
        case .values: cells += (prediction.values ?? []).map { "\($0)" } + truth
        }
        return CSVLine.text(cells + (prediction.probabilities ?? []).map { "\($0)" })
    }
}
