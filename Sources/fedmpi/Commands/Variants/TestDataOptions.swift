import ArgumentParser
import Datasets
import Experiments
import FedCore
import Federation
import Foundation
import NeuralNet
import Records

/// The options that choose the data a trained model is tried on: `--dataset` and `--dataset-options`.
///
/// Every command that evaluates a model has them. The rule is always the same (`ModelData`): the data that the
/// model's file names, opened as its run did, unless the user names others; a note says when they are not those
/// of the run, because an accuracy on other images, or on images that the model has learnt from, would mislead.
struct TestDataOptions: ParsableArguments {
    /// Name of the data set; nil takes that of the model's file.
    @Option(
        help: """
            Data set: \(Datasets.standard.choices.joined(separator: ", ")). (default: the one that the model's file names, else \
            \(RunSettings().dataset))
            """)
    var dataset: String?

    /// Options of the source; each replaces the one of the same name from the model's run.
    @Option(
        help: """
            What the data set takes: name=value,name=value; `fedmpi help csv` and so on lists it. (default: as the model's file says; \
            what is given replaces it)
            """,
        transform: NamedOptions.init(parsing:))
    var datasetOptions: NamedOptions = [:]

    /// The data for a model. Reads no file.
    ///
    /// - Parameters:
    ///   - metadata: Metadata of the model's file.
    ///   - newRows: Path of a table whose rows are to be predicted, in the place of the test split; nil: there is none.
    ///   - predicts: Whether rows of a test file that the user names may come without labels.
    /// - Throws: `ConfigurationError` when the metadata about the data are damaged.
    func choice(
        for metadata: [String: String], newRows: String? = nil, predicts: Bool = false
    ) throws(ConfigurationError) -> ModelData {
        var named = datasetOptions.values
        if let newRows { named["test"] = newRows }
        return ModelData(
            of: try DataOrigin(metadata: metadata), dataset: dataset, options: NamedOptions(named),
            testMayLackLabels: predicts && named["test"] != nil)
    }

    /// Opens the data for a model, and says on standard error what should be known of them: warnings of the
    /// source once a process, and how they differ from the run's.
    ///
    /// - Parameters:
    ///   - model: The model, which must take such images.
    ///   - metadata: Metadata of its file.
    ///   - usesTraining: Whether the training split is used, and so compared with the run's, too.
    ///   - needsClasses: Whether a model that has learnt labels of 0 or 1, or numbers, is refused.
    /// - Throws: `ConfigurationError` when the data cannot be read, or the model takes others.
    func open(
        for model: Model, _ metadata: [String: String], usesTraining: Bool = false, needsClasses: Bool = true
    ) throws(ConfigurationError) -> TestData {
        try open(try choice(for: metadata), for: model, usesTraining: usesTraining, needsClasses: needsClasses)
    }

    /// Opens data that are chosen, likewise.
    ///
    /// - Parameter isTold: Whether it is said how they differ from the run's.
    private func open(
        _ choice: ModelData, for model: Model, usesTraining: Bool, needsClasses: Bool, isTold: Bool = true
    ) throws(ConfigurationError) -> TestData {
        let pair = try choice.open(for: model)
        if needsClasses { try Self.checkClasses(pair, model) }
        DataLines.warn(of: pair)
        guard isTold else { return TestData(choice: choice, pair: pair) }
        for note in choice.notes(on: pair, usesTraining: usesTraining) { Console.error("fedmpi: note: \(note)") }
        return TestData(choice: choice, pair: pair)
    }

    /// The same for a variant, whose file has the metadata.
    func open(
        for variant: Variant, usesTraining: Bool = false, needsClasses: Bool = true
    ) throws(ConfigurationError) -> TestData {
        try open(for: variant.model, variant.metadata, usesTraining: usesTraining, needsClasses: needsClasses)
    }

    /// Opens the data for predictions: the test split, in which a file that the user names need not have labels.
    ///
    /// - Parameters:
    ///   - variant: The model.
    ///   - newRows: Path of a table in the place of the test split. That it is another than the run's goes without saying.
    ///   - needsClasses: Whether a model that has learnt labels of 0 or 1, or numbers, is refused.
    /// - Throws: `ConfigurationError` when the data cannot be read, or the model takes others.
    func open(
        for variant: Variant, predicting newRows: String?, needsClasses: Bool
    ) throws(ConfigurationError) -> TestData {
        let choice = try choice(for: variant.metadata, newRows: newRows, predicts: true)
        if let newRows, let own = variant.metadata["dataset"]?.split(separator: ":", maxSplits: 1).last,
            URL(fileURLWithPath: String(own)).resolvingSymlinksInPath()
                == URL(fileURLWithPath: newRows).resolvingSymlinksInPath()
        {
            Console.error(
                "fedmpi: note: the model was trained on rows of \(newRows.printable): how often it is right there says nothing of new "
                    + "ones; without the file those are tested that were held out")
        }
        return try open(
            choice, for: variant.model, usesTraining: false, needsClasses: needsClasses, isTold: newRows == nil)
    }

    /// Refuses a model whose answers are not classes, where accuracies are measured.
    private static func checkClasses(_ pair: DatasetPair, _ model: Model) throws(ConfigurationError) {
        let task = pair.test.task
        guard task.hasClasses else {
            throw ConfigurationError(
                "\(model.name) has learnt \(task), and this command measures accuracies of classes")
        }
    }

    /// Refuses to compare models of different data sets, unless the user names one for all.
    ///
    /// - Throws: `ConfigurationError` that names the data sets.
    func refuseDifferent(_ variants: [Variant]) throws(ConfigurationError) {
        let names = Set(variants.compactMap { $0.metadata["dataset"] }).sorted()
        guard dataset != nil || names.count < 2 else {
            throw ConfigurationError(
                "the models are of different data sets, \(names.map(\.printable).joined(separator: " and ")): compare "
                    + "those of one, or name one with --dataset")
        }
    }

    /// The data for models that are to be compared: one test set for all, that of the first model whose file says
    /// which.
    ///
    /// - Parameters:
    ///   - variants: The models, at least one.
    ///   - paths: Path of each model's file, for messages.
    ///   - isTelling: Whether notes go to standard error. In a job of many ranks only rank 0 tells.
    /// - Throws: `ConfigurationError` when the data cannot be read, the models are of different data sets, or one
    ///   of them does not take such images; it names that model.
    func open(
        for variants: [Variant], named paths: [String], isTelling: Bool = true
    ) throws(ConfigurationError) -> TestData {
        var choices: [ModelData] = []
        for variant in variants { choices.append(try choice(for: variant.metadata)) }
        try refuseDifferent(variants)
        let first = variants.firstIndex { $0.metadata["dataset"] != nil } ?? 0
        let pair = try choices[first].open(for: variants[first].model)
        try Self.checkClasses(pair, variants[first].model)
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
