public import FedCore

/// Settings of what is done about lost ranks, and of faults that are made on purpose.
public enum FailureSettings: SettingsGroup {
    public static let title = "Failures"

    public static func visit(
        _ settings: inout RunSettings, _ visitor: inout some SettingsVisitor
    ) throws(ConfigurationError) {
        try visitor.value(
            "on-failure", &settings.onFailure,
            "What becomes of the clients of a lost rank: reassign (other ranks train them, to the same weights) or drop."
        )
        try visitor.value(
            "failure-timeout", &settings.failureTimeout, .in(1...86_400).saying("from 1 to 86400 seconds"),
            unit: .seconds,
            """
            Seconds after which a rank that is waited for is lost: one that is stopped, or silent on another host. On rank 0's \
            host a rank that lives is waited for, and one that has ended is lost at once.
            """)
        try visitor.value(
            "inject", &settings.inject,
            """
            Make a fault on purpose: KIND:rank=R@round=N[,phase=P][,seconds=S], KIND one of kill, stop, delay, nan, \
            corrupt, P one of broadcast, train, gather. May be repeated.
            """)
    }
}
