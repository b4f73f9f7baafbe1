import FedCore
import Records

/// What somebody chose for a run, read and checked, each setting by itself.
struct RunChoices {
    /// As it was written.
    let given: GivenSettings
    private let settings: RunSettings
    let output: OutputSettings

    /// Every setting's default.
    init() {
        (given, settings, output) = (GivenSettings(), RunSettings(), OutputSettings())
    }

    /// - Parameters:
    ///   - scope: the settings that can be given.
    ///   - output: what it is where nothing is said.
    /// - Throws: `ConfigurationError` for a name that is none of the scope's, and a value that is not accepted.
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
        (self.given, self.settings, self.output) = (given, settings, output)
    }

    /// - Parameter ranks: of the job; decides the default number of clients.
    func settings(ranks: Int) -> RunSettings {
        var settings = settings
        if ranks > 1, !given.contains("clients") { settings.clients = ranks - 1 }
        return settings
    }
}
