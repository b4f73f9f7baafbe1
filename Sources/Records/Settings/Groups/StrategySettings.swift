public import FedCore

/// Settings of what becomes of a round's updates: aggregation makes one of them, the strategy a step of it.
public enum StrategySettings: SettingsGroup {
    public static let title = "Strategy and aggregation"

    public static func visit(
        _ settings: inout RunSettings, _ visitor: inout some SettingsVisitor
    ) throws(ConfigurationError) {
        try visitor.value("strategy", &settings.strategy, of: "strategy", "Federated algorithm: {choices}.")
        try visitor.options("strategy-options", &settings.strategyOptions, of: "strategy")
        try visitor.value(
            "widths", &settings.widths, absent: "the strategy's own, of heterofl, fedrolex, fjord and depthfl",
            "Shares of each hidden layer's channels, or of the exits (depthfl), that clients' models have, e.g. 1,0.5,0.25; "
                + "with a colon, the share of the clients that have it, as in 1:0.2,0.5:0.8. The seed draws a client's for the "
                + "whole run.")
        try visitor.value(
            "server-lr", &settings.serverLr, .above(0),
            "What a round's mean update is multiplied by before the strategy's step.")
        try visitor.value(
            "aggregation", &settings.aggregation, of: "aggregation", "How one update is made of a round's: {choices}.")
        try visitor.options("aggregation-options", &settings.aggregationOptions, of: "aggregation")
    }

    /// Refuses widths that cannot be read.
    public static func check(_ settings: RunSettings) throws(ConfigurationError) {
        if let widths = settings.widths { _ = try ClientWidths(widths, seed: settings.seed) }
    }
}
