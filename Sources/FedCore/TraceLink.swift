/// A run's place in a distributed trace, as every rank knows it: from it a rank can say which trace its log belongs to.
public struct TraceLink: Codable, Sendable, Equatable {
    /// The run's span, as W3C's *Trace Context* writes it: `00-<trace id>-<span id>-<flags>`.
    public let traceparent: String
    /// The id of the span that started the run, in another program's part of the trace; nil where there is none.
    public let parent: String?

    /// Describes a place.
    public init(traceparent: String, parent: String? = nil) {
        (self.traceparent, self.parent) = (traceparent, parent)
    }
}
