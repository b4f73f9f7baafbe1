public import FedCore

/// Settings of the trained model that clients learn from.
public enum DistillationSettings: SettingsGroup {
    public static let title = "Distillation"

    public static func visit(
        _ settings: inout RunSettings, _ visitor: inout some SettingsVisitor
    ) throws(ConfigurationError) {
        try visitor.value(
            "teacher", &settings.teacher, resumable: true,
            """
            Distil: a trained model, its file or its run's folder, that clients learn from beside their labels. \
            `fedmpi distill` compares with training without.
            """)
        try visitor.value(
            "temperature", &settings.temperature, .above(0), absent: "\(RunSettings.defaultTemperature)",
            "Over which the teacher's and the student's scores are softened.")
        try visitor.value(
            "hard-weight", &settings.hardWeight, .share, absent: "\(RunSettings.defaultHardWeight)",
            "Share of the labels' loss beside the teacher's, in [0, 1].")
    }

    /// Refuses a temperature or a weight without a teacher, where it would do nothing.
    public static func check(_ settings: RunSettings) throws(ConfigurationError) {
        guard settings.teacher == nil else { return }
        for (name, value) in [("temperature", settings.temperature), ("hard-weight", settings.hardWeight)] {
            guard let value else { continue }
            throw ConfigurationError("--\(name) is \(value); it must be given together with --teacher")
        }
    }
}
