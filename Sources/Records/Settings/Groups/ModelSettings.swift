public import FedCore

/// The setting of what is trained.
public enum ModelSettings: SettingsGroup {
    public static let title = "Model"

    public static func visit(
        _ settings: inout RunSettings, _ visitor: inout some SettingsVisitor
    ) throws(ConfigurationError) {
        try visitor.value(
            "model", &settings.model, of: "model", "Model: {choices}; `fedmpi models` describes them.")
    }
}
