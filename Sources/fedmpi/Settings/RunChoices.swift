import FedCore
import NeuralNet
import Records

/// What somebody chose for a run, read and checked, each setting by itself. Whether the settings fit together is
/// checked when the job is built, because that may need the data.
struct RunChoices {
    /// The settings as they were written, each with its origin.
    let given: GivenSettings
    /// The run's settings, before the number of ranks is known.
    private let settings: RunSettings
    /// What the run prints and leaves behind.
    let output: OutputSettings
    /// Path of the file that gave settings; nil without one.
    var file: String?

    /// Makes a choice of every setting's default.
    init() {
        (given, settings, output) = (GivenSettings(), RunSettings(), OutputSettings())
    }

    /// Gives the settings their types and ranges.
    ///
    /// - Parameters:
    ///   - given: the settings of all sources, already combined.
    ///   - scope: the settings that can be given; those that it passes over are dropped.
    ///   - standard: the output settings where nothing is given.
    /// - Throws: `ConfigurationError` for a name that is none of the scope's, and for a value that is not accepted.
    init(
        _ given: GivenSettings, of scope: any SettingsScope.Type, output standard: OutputSettings = OutputSettings()
    ) throws(ConfigurationError) {
        var given = given
        for name in scope.passedOver.flatMap({ $0.description.settings }).map(\.name) { given.remove(name) }
        try given.refuseNames(besides: scope.names)
        var (settings, output) = (RunSettings(), standard)
        try settings.read(given)
        try output.read(given)
        settings.distil(from: settings.teacher, temperature: settings.temperature, hardWeight: settings.hardWeight)
        if ExternalModel.path(in: settings.model) != nil, given.contains("dataset") {
            throw ConfigurationError(
                "--dataset is not for --model \(settings.model.printable): the client ranks have their own data")
        }
        (self.given, self.settings, self.output) = (given, settings, output)
    }

    /// The run's settings with the default number of clients: one for each client rank, unless it was given.
    ///
    /// - Parameter ranks: ranks of the job, rank 0 included.
    func settings(ranks: Int) -> RunSettings {
        var settings = settings
        if ranks > 1, !given.contains("clients") { settings.clients = ranks - 1 }
        return settings
    }
}
