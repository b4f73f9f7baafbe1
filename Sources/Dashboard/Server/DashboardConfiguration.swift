import Foundation
public import RunQueue

/// Where a dashboard listens, what it shows, and whom it lets in.
public struct DashboardConfiguration: Sendable {
    /// The results folder that is shown, and what runs are started with.
    public var queue: QueueConfiguration
    /// The address to listen on: this machine alone, unless it is another than the loopback interface's.
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
    /// Whether there is a single caller, for whom a link is made.
    public var hasLink: Bool
    /// Requests a second that one address may make in the long run; ten times as many at once.
    public var requestsPerSecond = 100.0

    /// A dashboard of a results folder, on this machine alone.
    ///
    /// - Parameters:
    ///   - queue: the results folder, and what runs are started with.
    ///   - tokens: who may come in.
    ///   - hasLink: whether there is a single caller, for whom a link is made.
    public init(queue: QueueConfiguration, tokens: Tokens, hasLink: Bool) {
        (self.queue, self.tokens, self.hasLink) = (queue, tokens, hasLink)
    }
}
