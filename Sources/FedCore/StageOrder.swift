/// The stages and step hooks of a run, by name, in the order in which they act.
public struct StageOrder: Codable, Sendable, Equatable, CustomStringConvertible {
    /// Within each step of local training.
    public var step: [String]
    /// On the client, when it has trained.
    public var client: [String]
    /// On the server, when the updates are in.
    public var server: [String]

    /// An order of nothing.
    public init(step: [String] = [], client: [String] = [], server: [String] = []) {
        self.step = step
        self.client = client
        self.server = server
    }

    public var isEmpty: Bool { step.isEmpty && client.isEmpty && server.isEmpty }

    /// One line, e.g. `each step: clip-gradients; server: server-rate`.
    public var description: String {
        [("each step", step), ("client", client), ("server", server)].filter { !$0.1.isEmpty }
            .map { "\($0): \($1.joined(separator: ", "))" }.joined(separator: "; ")
    }
}
