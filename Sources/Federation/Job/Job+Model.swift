import Datasets
import FedCore
import NeuralNet
import Records

extension Job {
    /// The model with the weights that it starts from and those that stay.
    /// - Returns: the model, and the keys of parameters that the file is not for.
    static func starting(
        _ model: Model, from start: InitialWeights?, _ settings: RunSettings
    ) throws(ConfigurationError) -> (Model, [String]) {
        guard settings.initialWeights != nil || settings.freeze != nil else { return (model, []) }
        var file = start
        if file == nil, let path = settings.initialWeights { file = try InitialWeights(reading: path) }
        let found = try file?.weights(for: model, seed: settings.seed)
        let frozen = settings.freeze.map { KeyPatterns($0) }
        try frozen?.check(model.parameterLayout)
        let started = try model.starting(from: found?.weights, seed: settings.seed) { frozen?.contains($0) ?? false }
        return (started, found?.drawn ?? [])
    }

    /// The model of the settings for the data: of the catalog, or of a program that client ranks are of.
    static func architecture(
        _ settings: RunSettings, _ foreign: ForeignClients?, _ form: DataForm, _ plugins: Plugins
    ) throws(ConfigurationError) -> Model {
        guard let foreign, let path = ExternalModel.path(in: settings.model) else {
            return try plugins.models.named(settings.model, for: form)
        }
        return try ExternalModel.read(path, classes: foreign.evaluatedClasses)
    }
}
