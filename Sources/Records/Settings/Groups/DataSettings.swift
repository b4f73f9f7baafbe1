public import FedCore

/// Settings of what is trained on, and who holds what of it.
public enum DataSettings: SettingsGroup {
    public static let title = "Data"

    public static func visit(
        _ settings: inout RunSettings, _ visitor: inout some SettingsVisitor
    ) throws(ConfigurationError) {
        try visitor.value(
            "dataset", &settings.dataset, absent: "\(RunSettings().dataset), of fedmpi distill the teacher's",
            of: "data set", "Data set: {choices}.")
        try visitor.options("dataset-options", &settings.datasetOptions, of: "data set")
        try visitor.value(
            "normalize", &settings.normalize,
            """
            Normalise each channel, or column of a table: channels (mean 0, deviation 1 over the training samples), or \
            MEAN,MEAN/DEVIATION,DEVIATION.
            """)
        try visitor.value(
            "samples-per-client", &settings.samplesPerClient, .atLeast(1),
            "Training samples per client of the synthetic data set.")
        try visitor.value("partition", &settings.partition, of: "partition", "Who holds what: {choices}.")
        try visitor.value(
            "alpha", &settings.alpha, .above(0),
            "Concentration of the Dirichlet partition: 0.1 is very skewed, 100 is even.")
        try visitor.options("partition-options", &settings.partitionOptions, of: "partition")
        try visitor.value(
            "client-test", &settings.clientTest, .shareBelowOne,
            "Share of each client's samples that it tests on instead of training on them.")
    }
}
