public import FedCore

/// The setting of what is trained.
public enum ModelSettings: SettingsGroup {
    public static let title = "Model"

    public static func visit(
        _ settings: inout RunSettings, _ visitor: inout some SettingsVisitor
    ) throws(ConfigurationError) {
        try visitor.value(
            "model", &settings.model, of: "model",
            """
            Model: {choices}; or its layers, as in "conv 16 3x3, relu, maxpool 2, linear"; or a file of them that ends in .yaml; \
            `fedmpi models` describes them. Or external:FILE, weights of a model that Python client ranks train.
            """)
        try visitor.value(
            "init", &settings.initialWeights,
            """
            Start from these weights: a .safetensors file or a run's folder, by the names of its tensors, or by their order \
            and shapes where no name is the model's.
            """)
        try visitor.value(
            "freeze", &settings.freeze,
            """
            Parameters that neither train nor travel: keys between commas, in which * stands for any characters, as in \
            "features.*,stem.weight".
            """)
    }
}
