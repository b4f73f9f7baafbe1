/// Against whom a secure aggregation is to hold, besides a share of the clients that tell this adversary all they know.
public enum SecureAdversary: String, Sendable, CaseIterable, CustomStringConvertible {
    /// A server that follows the protocol and looks at all that it receives.
    case curiousServer = "curious"
    /// A server that is honest while keys are advertised, which the clients' signatures make sure of, and may lie later: about who
    /// dropped out, and differently to each client.
    case semiMaliciousServer = "semi-malicious"

    /// The word of settings and reports.
    public var description: String { rawValue }
}
