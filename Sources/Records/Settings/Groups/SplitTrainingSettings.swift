public import FedCore

/// Settings of a model in two parts, for `fedmpi split-train`.
public enum SplitTrainingSettings: SettingsGroup {
    public static let title = "Split training"

    public static func visit(
        _ settings: inout RunSettings, _ visitor: inout some SettingsVisitor
    ) throws(ConfigurationError) {
        try visitor.value(
            "cut", &settings.cut, absent: "the model's own cut", "Layers before this one run on the devices.")
        try visitor.value(
            "server-part", &settings.serverPart, absent: "\(RunSettings.ServerPart.shared.rawValue)",
            """
            The server's part while a round lasts: shared (one, which takes the clients' steps in turn) or per-client (a \
            copy for each, averaged like the devices' parts).
            """)
    }
}
