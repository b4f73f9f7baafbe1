public import FedCore

/// Settings of who takes part in a round.
public enum ClientSettings: SettingsGroup {
    public static let title = "Clients"

    public static func visit(
        _ settings: inout RunSettings, _ visitor: inout some SettingsVisitor
    ) throws(ConfigurationError) {
        // Clients are coordinates of random streams, and numbers of 32 bits on the wire.
        try visitor.value(
            "clients", &settings.clients, .atLeast(1).and(.atMost(Int(UInt32.max))),
            absent: "one per rank, \(RunSettings().clients) without mpirun",
            "Clients in the federation; they share the ranks 1…N.")
        try visitor.value(
            "client-fraction", &settings.clientFraction, .positiveShare,
            """
            Share of the clients that each round trains, or that are in flight with an asynchronous strategy, in (0, 1].
            """)
        try visitor.value(
            "selection", &settings.selection, of: "selection", "Which clients a round trains: {choices}.")
        try visitor.options("selection-options", &settings.selectionOptions, of: "selection")
        try visitor.value(
            "min-clients", &settings.minClients, .atLeast(0),
            "Updates a round needs; with fewer it is repeated with another cohort.")
        try visitor.value(
            "round-retries", &settings.roundRetries, .in(0...1000),
            "How often a round is repeated before the run stops.")
    }

    /// Refuses to ask for more updates than a round has clients: it would be repeated for ever.
    public static func check(_ settings: RunSettings) throws(ConfigurationError) {
        guard settings.minClients <= settings.cohortSize else {
            throw ConfigurationError(
                "--min-clients is \(settings.minClients); it must be from 0 to the \(settings.cohortSize) clients of a round"
            )
        }
    }
}
