/// The stages and step hooks of a run, by name, in the order in which they act. It is made from the job and kept in the
/// run's records, so that a reader of a log knows what happened between training and the server's step.
public struct StageOrder: Codable, Sendable, Equatable, CustomStringConvertible {
    /// Hooks within each step of local training.
    public var step: [String]
    /// Stages on the client, after its training and before it sends.
    public var client: [String]
    /// Stages on the server, after the aggregation and before the new weights.
    public var server: [String]

    /// Lists stages and hooks; none by default.
    public init(step: [String] = [], client: [String] = [], server: [String] = []) {
        self.step = step
        self.client = client
        self.server = server
    }

    /// Whether the run has neither stages nor hooks.
    public var isEmpty: Bool { step.isEmpty && client.isEmpty && server.isEmpty }

    /// One line, e.g. `each step: clip-gradients; server: server-rate`.
    /// One line without the empty parts: `each step: fedprox; client: compression; server: compression`.
    public var description: String {
        [("each step", step), ("client", client), ("server", server)].filter { !$0.1.isEmpty }
            .map { "\($0): \($1.joined(separator: ", "))" }.joined(separator: "; ")
    }
}
