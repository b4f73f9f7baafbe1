public import FedCore

/// Settings of a hierarchy: edge aggregators between the clients and the server, which is the cloud.
///
/// An edge does `cloud-every` rounds with its clients in each round of the run, and then sends the cloud what came of them:
/// L. Liu, J. Zhang, S. H. Song, K. B. Letaief, *Client-Edge-Cloud Hierarchical Federated Learning*, ICC 2020,
/// arXiv:1905.06641, with κ₂ = `cloud-every`.
///
/// | setting | says |
/// |---|---|
/// | `edges`, `cloud-every` | how many, and how often the cloud hears of them |
/// | `edge-aggregation`, `edge-norm-limit`, `edge-loss-limit`, `edge-samples` | what an edge does with updates |
/// | `edge-mbps`, `edge-latency-ms` | simulated links to the cloud |
///
/// None of the other settings has a meaning without `edges`.
public enum EdgeSettings: SettingsGroup {
    public static let title = "Edges"

    /// The most edges that a run may have.
    public static let most = 10_000

    public static func visit(
        _ settings: inout RunSettings, _ visitor: inout some SettingsVisitor
    ) throws(ConfigurationError) {
        try visitor.value(
            "edges", &settings.edges, .in(0...most).saying("from 0 to \(most)"),
            """
            Edge aggregators between clients and server: client c is of edge c mod E. Ranks 1 to E are the edges, the others \
            train for them; with fewer ranks an edge trains its clients itself. 0: none.
            """)
        try visitor.value(
            "cloud-every", &settings.cloudEvery, .in(1...1000).saying("from 1 to 1000"),
            "Rounds that an edge makes with its clients in each round of the run, before it sends the cloud what came of them."
        )
        try visitor.value(
            "edge-aggregation", &settings.edgeAggregation, of: "aggregation",
            "How an edge makes one update of its clients': {choices}. A robust rule is for the edges or for the cloud "
                + "(--aggregation, of the edges' updates), not for both.")
        try visitor.options("edge-aggregation-options", &settings.edgeAggregationOptions, of: "aggregation")
        try visitor.value(
            "edge-norm-limit", &settings.edgeNormLimit, .above(0), absent: "no limit",
            "An edge refuses updates whose L2 norm is above so many times the median of its clients' norms.")
        try visitor.value(
            "edge-loss-limit", &settings.edgeLossLimit, .above(0), absent: "no loss is measured",
            "An edge refuses updates by which the loss on its own samples becomes more than so many times what it was.")
        try visitor.value(
            "edge-samples", &settings.edgeSamples, .in(1...1_000_000),
            "Training samples for --edge-loss-limit, taken from the clients; all edges have the same.")
        try visitor.value(
            "edge-mbps", &settings.edgeMbps, .above(0), absent: "no limit",
            "Simulate: megabits a second of each edge's link to the cloud.")
        try visitor.value(
            "edge-latency-ms", &settings.edgeLatencyMs, .in(0...1e6),
            "Simulate: milliseconds that a message between edge and cloud takes besides.")
    }

    /// Refuses edges that would have no clients, and what asks for edges where there are none.
    public static func check(_ settings: RunSettings) throws(ConfigurationError) {
        let defaults = RunSettings()
        let givesSamples = settings.edgeSamples != defaults.edgeSamples
        guard settings.edges == 0 else {
            guard !givesSamples || settings.edgeLossLimit != nil else {
                throw ConfigurationError("--edge-samples are what losses are measured on; it needs --edge-loss-limit")
            }
            guard settings.edges <= settings.clients else {
                throw ConfigurationError(
                    "--edges is \(settings.edges), and there are \(settings.clients) clients: each edge needs one")
            }
            return
        }
        let given = [
            ("--cloud-every", settings.cloudEvery != defaults.cloudEvery),
            ("--edge-aggregation", settings.edgeAggregation != defaults.edgeAggregation),
            ("--edge-norm-limit", settings.edgeNormLimit != nil), ("--edge-loss-limit", settings.edgeLossLimit != nil),
            ("--edge-samples", givesSamples),
            ("--edge-mbps", settings.edgeMbps != nil), ("--edge-latency-ms", settings.edgeLatencyMs > 0),
        ]
        if let (option, _) = given.first(where: \.1) {
            throw ConfigurationError("\(option) is of edges between clients and server; it needs --edges")
        }
    }
}
