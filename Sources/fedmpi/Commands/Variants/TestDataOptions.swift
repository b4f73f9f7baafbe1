import ArgumentParser
import Datasets
import Experiments
import FedCore
import Federation
import NeuralNet
import Records

/// Which data a trained model is tried on.
struct TestDataOptions: ParsableArguments {
    @Option(
        help: """
            Data set: \(Datasets.choices.joined(separator: ", ")). (default: the one that the model's file names, else \
            \(RunSettings().dataset))
            """)
    var dataset: String?

    @Option(
        help: """
            What the data set takes: name=value,name=value; an unknown name lists them. (default: as the model's file says; \
            what is given replaces it)
            """,
        transform: NamedOptions.init(parsing:))
    var datasetOptions: NamedOptions = [:]

    /// The data of a model; reads none of them.
    /// - Parameter metadata: of the model's file.
    func choice(for metadata: [String: String]) throws(ConfigurationError) -> ModelData {
        ModelData(of: try DataOrigin(metadata: metadata), dataset: dataset, options: datasetOptions)
    }

    /// Opens the data of a model, and says on standard error what is to be known of them.
    /// - Parameter usesTraining: whether the training split is looked at, too.
    func open(
        for model: Model, _ metadata: [String: String], usesTraining: Bool = false
    ) throws(ConfigurationError) -> TestData {
        let choice = try choice(for: metadata)
        let pair = try choice.open(for: model)
        DataLines.warn(of: pair)
        for note in choice.notes(on: pair, usesTraining: usesTraining) { Console.error("fedmpi: note: \(note)") }
        return TestData(choice: choice, pair: pair)
    }

    func open(for variant: Variant, usesTraining: Bool = false) throws(ConfigurationError) -> TestData {
        try open(for: variant.model, variant.metadata, usesTraining: usesTraining)
    }

    /// - Throws: `ConfigurationError` when the models are of different data sets and the user names none, so that their
    ///   accuracies cannot be compared.
    func refuseDifferent(_ variants: [Variant]) throws(ConfigurationError) {
        let names = Set(variants.compactMap { $0.metadata["dataset"] }).sorted()
        guard dataset != nil || names.count < 2 else {
            throw ConfigurationError(
                "the models are of different data sets, \(names.map(\.printable).joined(separator: " and ")): compare "
                    + "those of one, or name one with --dataset")
        }
    }

    /// The data of models that are to be compared: those of the first that says which.
    /// - Parameters:
    ///   - paths: of each model's file, for what is said of it.
    ///   - isTelling: whether notes go to standard error.
    func open(
        for variants: [Variant], named paths: [String], isTelling: Bool = true
    ) throws(ConfigurationError) -> TestData {
        var choices: [ModelData] = []
        for variant in variants { choices.append(try choice(for: variant.metadata)) }
        try refuseDifferent(variants)
        let first = variants.firstIndex { $0.metadata["dataset"] != nil } ?? 0
        let pair = try choices[first].open(for: variants[first].model)
        if isTelling { DataLines.warn(of: pair) }
        for (index, variant) in variants.enumerated() {
            do { try ModelData.check(pair.test, choices[first].dataset, for: variant.model) } catch {
                throw ConfigurationError("'\(paths[index])': \(error)")
            }
            guard isTelling else { continue }
            for note in choices[index].notes(on: pair, as: choices[first]) {
                Console.error("fedmpi: note: '\(paths[index])': \(note)")
            }
        }
        return TestData(choice: choices[first], pair: pair)
    }
}
