import Aggregation
import Datasets
import FedCore
import Records

/// Who attacks, and how: the same on every rank, so that nobody is told.
///
/// | an attack | changes |
/// |---|---|
/// | on data | labels or pictures of its clients, before they train |
/// | on updates | what its clients send, perhaps by what the others send |
extension Job {
    /// The attack that the settings name, if it can work on these data; nil when they name none.
    static func attack(
        _ settings: RunSettings, _ data: any Dataset, _ plugins: Plugins
    ) throws(ConfigurationError) -> (any Attack)? {
        guard let name = settings.attack else { return nil }
        let attack = try plugins.attacks.named(name, settings.attackOptions)
        if let attack = attack.onData {
            guard data.task.hasClasses else {
                throw ConfigurationError(
                    "--attack \(name) is not for data of \(data.task): it changes labels of classes")
            }
            try attack.validate(classes: data.classes, height: data.shape.height, width: data.shape.width)
        }
        return attack
    }

    /// Draws the clients that attack.
    static func attackers(_ settings: RunSettings) -> Set<Int> {
        guard settings.attackers > 0 else { return [] }
        var clients = Array(0..<settings.clients)
        var random = RandomStream(seed: settings.seed, .attack)
        random.shuffle(&clients)
        return Set(clients.prefix(settings.attackers))
    }
}
