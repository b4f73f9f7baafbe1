public import FedCore

/// Settings of clients that attack, to test what the server withstands.
public enum AttackSettings: SettingsGroup {
    public static let title = "Attack"

    public static func visit(
        _ settings: inout RunSettings, _ visitor: inout some SettingsVisitor
    ) throws(ConfigurationError) {
        try visitor.value(
            "attack", &settings.attack, of: "attack",
            "What the attackers among the clients do, to test what the server withstands: {choices}.")
        try visitor.options("attack-options", &settings.attackOptions, of: "attack")
        try visitor.value(
            "attackers", &settings.attackers, .atLeast(0), "How many clients attack; the seed says which.")
    }

    /// Refuses more attackers than clients, and attackers without an attack or the reverse.
    public static func check(_ settings: RunSettings) throws(ConfigurationError) {
        guard settings.attackers <= settings.clients else {
            throw ConfigurationError(
                "--attackers is \(settings.attackers); it must be from 0 to the \(settings.clients) clients")
        }
        guard (settings.attackers > 0) == (settings.attack != nil) else {
            throw ConfigurationError(
                "--attackers is \(settings.attackers); it must be given together with --attack")
        }
    }
}
