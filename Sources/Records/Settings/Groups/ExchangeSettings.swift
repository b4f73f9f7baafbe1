public import FedCore

/// Settings of how updates come up, and how long they are waited for.
public enum ExchangeSettings: SettingsGroup {
    public static let title = "Exchange"

    public static func visit(
        _ settings: inout RunSettings, _ visitor: inout some SettingsVisitor
    ) throws(ConfigurationError) {
        try visitor.value("wire", &settings.wire, of: "wire", "How updates come up: {choices}.")
        try visitor.value(
            "topology", &settings.topology,
            "Where updates are added up on their way: flat (nowhere, or as the library does it), node (on each host first, so "
                + "that one sum crosses the network for each), tree or tree:4 (by groups of 4 ranks); with --wire reduce."
        )
        try visitor.value(
            "compress", &settings.compress, absent: "as they are", of: "update codec",
            "How clients' updates are encoded for the way up, e.g. 'topk 1% | int8 | rans': {choices}; or auto, or "
                + "several with ; between them, coarse ones first: the next begins when the test loss stalls. "
                + "`fedmpi help compress` explains how they go together.")
        try visitor.value(
            "error-feedback", &settings.errorFeedback, absent: "true of codecs that are biased",
            "Whether clients keep what --compress took away of their updates and add it to the next.")
        try visitor.value(
            "error-feedback-keep", &settings.errorFeedbackKeep, .share,
            "The share of what a client has kept that stays each time it is asked: less forgets what is old.")
        try visitor.value(
            "error-feedback-momentum", &settings.errorFeedbackMomentum, .shareBelowOne,
            "Sums clients' updates up with this weight before they are encoded, anew wherever something was sent (deep "
                + "gradient compression).")
        try visitor.value(
            "compress-down", &settings.compressDown, absent: "as they are", of: "update codec",
            "How weights are encoded for the way down: as --compress, of their change since the round before.")
        try visitor.value(
            "round-deadline", &settings.roundDeadline,
            .above(0, atMost: 1e6).saying("greater than 0 and at most 1000000 seconds"), unit: .seconds,
            absent: "never",
            "Clients stop training after so long and send what they have: 30s, 500ms, 2m.")
        try visitor.value(
            "late-policy", &settings.latePolicy,
            "What a client sends that is not done at the deadline: partial (what it has) or drop (nothing).")
    }
}
