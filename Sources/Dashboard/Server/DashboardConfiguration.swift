public import FedCore
import Foundation

/// Where a dashboard listens, what it shows, and whom it lets in.
public struct DashboardConfiguration: Sendable {
    /// The results folder whose history is shown.
    public var results: String
    /// The address to listen on. Others than this machine's own reach it only when this is not the loopback interface.
    public var host = "127.0.0.1"
    /// The port; 0: any that is free.
    public var port = 8800
    /// Further names by which browsers may call this dashboard, such as that of a proxy. A request under another name is refused,
    /// so that a page elsewhere cannot have its own name mean this machine (DNS rebinding).
    public var names: [String] = []
    /// Paths of a certificate chain and its private key, in PEM; nil: no TLS.
    public var tls: (certificate: String, key: String)?
    /// Who may come in.
    public var tokens: Tokens
    /// The token of the only caller, from which the link that is printed is made; nil when there is a file of tokens.
    public var administratorToken: String?
    /// The program that runs are started with.
    public var program: String
    /// Cores that runs may have; nil: those of this machine.
    public var cores: Int?
    /// Requests a second that one address may make in the long run; ten times as many at once.
    public var requestsPerSecond = 100.0

    /// A dashboard of a results folder, on this machine alone.
    ///
    /// - Parameters:
    ///   - results: the results folder.
    ///   - tokens: who may come in.
    ///   - program: path of `fedmpi`.
    public init(results: String, tokens: Tokens, program: String) {
        self.results = results
        self.tokens = tokens
        self.program = program
    }

    /// Whether only this machine reaches it.
    var isLoopback: Bool { ["127.0.0.1", "localhost", "::1"].contains(host) }
}
