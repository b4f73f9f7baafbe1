import ArgumentParser
import Datasets
import FedCore
import Federation
import NeuralNet

/// The command `fedmpi models describe`, and `fedmpi models` alone: describes models without training.
///
/// For each model it prints a header (parameters, size, arithmetic), a table of its layers, and, where the model
/// says where it is cut in two, what crosses the cut. These figures decide which model fits a device, and which
/// cut is worth trying in `fedmpi split` and `fedmpi split-train`.
///
/// Only rank 0 runs it; it needs no MPI and writes nothing. Exit codes: 0; 2 for a name that no model has, or a model
/// that does not take the data.
struct ModelDescription: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "describe",
        abstract:
            "Describe models that can be trained: layers, shapes, parameters, cost, where they are cut in two (the default)."
    )

    /// A model as `--model` takes it; nil describes the catalog.
    @Argument(help: "A model's name, the file of one, or its layers. (default: all names)")
    var name: String?

    /// Data that the model is to be made for; nil takes what each model of the catalog was made for.
    @Option(help: "A data set, whose shapes the model is made for. (default: those that a model was made for)")
    var dataset: String?

    /// Options of the data set.
    @Option(
        help: "Options of the data set, as key=value,….", transform: NamedOptions.init(parsing:))
    var datasetOptions: NamedOptions = [:]

    /// Prints the models in the order of the catalog, an empty line between two.
    ///
    /// - Throws: `ConfigurationError` with the known names when no model has the given one.
    func run() throws {
        var form: DataForm?
        if let dataset {
            var options = DatasetOptions()
            options.named = datasetOptions
            form = DataForm(try Datasets.standard.open(dataset, options: options).train)
        }
        if form == nil, let name { form = try ModelFile.form(of: name) }
        let names = try name.map { [try ModelFile.resolved($0)] } ?? Models.standard.names
        if let text = names.first, ModelText.isText(text), form == nil {
            throw ConfigurationError("the shapes of this model come from the data: give --dataset, e.g. fashion-mnist")
        }
        for (i, name) in names.enumerated() {
            if i > 0 { Console.output("") }
            // Of all models, those that do not take the data say so, each for itself.
            do throws(ConfigurationError) {
                ModelTable(try Models.standard.named(name, for: form)).print()
            } catch {
                guard self.name == nil else { throw error }
                Console.output("\(error)")
            }
        }
    }
}
