import FedCore
import Testing

@testable import Telemetry

/// By W3C's *Trace Context* (Recommendation, 23 November 2021), whose examples these are.
struct TraceContextTests {
    private static let example = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

    @Test func `The recommendation's example is read, and written again`() throws {
        let context = try #require(TraceContext(traceparent: Self.example))
        #expect(context.trace == "4bf92f3577b34da6a3ce929d0e0e4736" && context.span == "00f067aa0ba902b7")
        #expect(context.traceparent == Self.example)
        // Not sampled: the ids are the same.
        #expect(TraceContext(traceparent: Self.example.dropLast(1) + "0") == context)
        // A later version may have more behind what version 00 has.
        #expect(TraceContext(traceparent: "cc" + Self.example.dropFirst(2) + "-what-the-future-brings") == context)
    }

    @Test(arguments: [
        "", "00", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7", "ff" + example.dropFirst(2),
        example + "-more",
        "cc" + example.dropFirst(2) + ".more", example.uppercased(),
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
        "00-4bf92f3577b34da6a3ce929d0e0e473g-00f067aa0ba902b7-01",
        "00_4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0x",
    ])
    func `What is malformed is none`(text: String) {
        #expect(TraceContext(traceparent: text) == nil)
    }

    @Test func `A run with a parent is in its trace, and its spans have ids of their own`() throws {
        let parent = try #require(TraceContext(traceparent: Self.example))
        let alone = TraceIdentity(run: "a", epoch: 5, seed: "7")
        let child = TraceIdentity(run: "a", epoch: 5, seed: "7", parent: parent)
        #expect(child.trace == parent.trace && child.parent == parent.span && alone.parent == nil)
        #expect(
            child.root == alone.root && child.root != TraceIdentity(run: "b", epoch: 5, seed: "7", parent: parent).root)
        #expect(child.link.starter == parent && alone.link.starter == nil)
        #expect(
            TraceContext(traceparent: child.link.traceparent) == TraceContext(trace: parent.trace, span: child.root))
        #expect(TraceLink(traceparent: "nonsense", parent: parent.span).starter == nil)
        #expect(TraceLink(traceparent: Self.example, parent: "nonsense").starter == nil)
    }
}
