import Cryptography
package import FedCore

/// The ids of a run's trace and of the spans in it.
///
/// They are hashes of what tells the run apart: its name, the moment of its first start, its seed. So whoever knows
/// these comes to the same ids: the live export, and `fedmpi trace` afterwards. A run that is continued keeps them,
/// because the moment is its first start's.
///
/// A place on a rank is told by what it was when it was written, never by what may still come: `round 0 7` of rank 0,
/// `phase 31` for the phase that begins with the rank's 31st event. So a span can be sent before the run is over.
package struct TraceIdentity: Sendable, Equatable {
    /// The trace's id, 32 hexadecimal digits: that of the run's parent, if it has one.
    package let trace: String
    /// The span that the run's span is a child of, in another program's part of the trace; nil without one.
    package let parent: String?
    /// What spans' ids are hashes of, beside their place: the same with and without a parent.
    private let key: String

    /// Identifies a run.
    ///
    /// - Parameters:
    ///   - run: the name of its folder.
    ///   - epoch: the moment of its first start, in microseconds since 1970.
    ///   - seed: its seed, as text.
    ///   - parent: the span that started it; nil where nobody said so.
    package init(run: String, epoch: Int, seed: String, parent: TraceContext? = nil) {
        key = SHA256.hash(Array([run, "\(epoch)", seed].joined(separator: "\0").utf8)).prefix(16).hexadecimal
        trace = parent?.trace ?? key
        self.parent = parent?.span
    }

    /// The id of what `place` tells apart from everything else on the rank, 16 hexadecimal digits.
    package func id(_ rank: Int, _ place: String) -> String {
        SHA256.hash(Array("\(key) \(rank) \(place)".utf8)).prefix(8).hexadecimal
    }

    /// The id of the run's span.
    package var root: String { id(0, "run") }

    /// The id of rank 0's span of a round. It depends on nothing that may still come, so that it stays the same while a
    /// run goes on.
    ///
    /// - Parameters:
    ///   - round: from 1; 0 for what comes before the first.
    ///   - start: which start of the run it belongs to, from 0.
    package func round(_ round: Int, start: Int) -> String { id(0, "round \(start) \(round)") }

    /// The run's span as other programs are told of it.
    package var context: TraceContext { TraceContext(trace: trace, span: root) }
}

extension TraceIdentity {
    /// The run's place as all ranks are told of it, and write it into their timing files.
    package var link: TraceLink { TraceLink(traceparent: context.traceparent, parent: parent) }
}

extension TraceLink {
    /// The span that started the run; nil where there is none, or what stands there is no trace context.
    package var starter: TraceContext? {
        guard let parent, let own = TraceContext(traceparent: traceparent) else { return nil }
        return TraceContext(traceparent: TraceContext(trace: own.trace, span: parent).traceparent)
    }
}
