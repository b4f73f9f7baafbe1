import FedCore
import Files
import Foundation
import Records
import Testing

@testable import Analysis
@testable import Recording
@testable import Telemetry

/// A run's files as they grow, and the spans that are made of them meanwhile: the same as afterwards.
struct LiveTraceTests {
    private static let epoch = 1_000_000
    private let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("live-\(UUID().uuidString)/run")
        try FileManager.default.createDirectory(
            at: folder.appendingPathComponent("timing"), withIntermediateDirectories: true)
        try Data(#"{"settings": {"seed": 7}}"#.utf8).write(to: folder.appendingPathComponent("config.json"))
        try Data("[]".utf8).write(to: folder.appendingPathComponent("round_log.json"))
    }

    private func header(_ rank: Int, epoch: Int = epoch, trace: TraceLink? = nil) -> [UInt8] {
        TimingEncoder.header(
            TimingHeader(
                rank: rank, ranks: 2, host: "n\(rank)", process: 1, epoch: epoch,
                clockAtStart: ClockReading(at: 0, offset: 0, error: 1.5), trace: trace))
    }

    private func lines(_ rank: Int, _ events: [TimingEvent]) -> [UInt8] {
        var bytes: [UInt8] = []
        for event in events { TimingEncoder(rank: rank, host: "n\(rank)").encode(event, to: &bytes) }
        return bytes
    }

    private func append(_ rank: Int, _ bytes: [UInt8]) throws {
        let file = folder.appendingPathComponent("timing/rank_000\(rank).csv")
        if !FileManager.default.fileExists(atPath: file.path) { try Data().write(to: file) }
        let handle = try FileHandle(forWritingTo: file)
        try handle.seekToEnd()
        try handle.write(contentsOf: Data(bytes))
        try handle.close()
    }

    private func event(_ round: Int, _ phase: Phase, _ start: Int, _ duration: Int, client: Int? = nil) -> TimingEvent {
        TimingEvent(round: round, phase: phase, start: start, duration: duration, client: client)
    }

    /// Names and ids of `fedmpi trace --otlp`.
    private func traced() throws -> [String: String] {
        let file =
            try JSONSerialization.jsonObject(with: Data(OTLPTrace(RecordedRun(in: folder)).bytes)) as? [String: Any]
        var ids: [String: String] = [:]
        for resource in try #require(file?["resourceSpans"] as? [[String: Any]]) {
            let scopes = try #require(resource["scopeSpans"] as? [[String: Any]])
            for span in try #require(scopes.first?["spans"] as? [[String: Any]]) {
                ids[try #require(span["spanId"] as? String)] =
                    "\(span["name"] ?? "") \(span["parentSpanId"] ?? "-") \(span["traceId"] ?? "")"
            }
        }
        return ids
    }

    @Test func `Rounds come when all ranks are past them, with the ids that the trace has afterwards`() throws {
        let parent = try #require(TraceContext(traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"))
        let identity = TraceIdentity(run: "run", epoch: Self.epoch, seed: "7", parent: parent)
        var follower = TimingFollower(run: folder, ranks: 2, epoch: Self.epoch)
        var assembler = SpanAssembler(identity, epoch: Self.epoch, start: 0)
        var spans: [OTLPSpan] = []
        func look(isOver: Bool = false) -> [String] {
            for news in follower.look() { assembler.add(news) }
            let taken = assembler.take(isOver: isOver).flatMap(\.spans)
            spans += taken
            return taken.map(\.name)
        }
        #expect(look().isEmpty, "there are no files yet")
        try append(0, header(0, trace: identity.link) + lines(0, [event(0, .load, 0, 10), event(1, .wait, 10, 50)]))
        try append(1, header(1, trace: identity.link) + lines(1, [event(0, .load, 0, 9)]))
        #expect(look().isEmpty, "rank 1 is not past round 0")
        // A line that is cut off is read when it is whole.
        let more = lines(
            1, [event(1, .train, 9, 20, client: 3), event(1, .train, 29, 20, client: 4), event(2, .wait, 49, 5)])
        try append(1, Array(more.dropLast(4)))
        #expect(look() == ["before round 1", "load", "before round 1", "load"])
        try append(1, Array(more.suffix(4)))
        try append(0, lines(0, [event(1, .aggregate, 60, 5), event(2, .wait, 65, 5)]))
        #expect(look().isEmpty, "the record of round 1 has not come")
        assembler.add(RoundRecord(round: 1))
        #expect(look() == ["round 1", "wait", "aggregate", "round 1", "train", "client 3", "client 4"])
        try append(0, lines(0, [event(2, .checkpoint, 70, 1)]) + Array("# closed\n".utf8))
        try append(1, Array("# closed\n".utf8))
        #expect(look(isOver: true) == ["round 2", "wait", "checkpoint", "round 2", "wait"])
        let facts = SpanBuilder.RunFacts(
            name: "run", settings: [], digest: nil, isFinished: true, rounds: 2, ranks: 2, bytes: (0, 0), clockError: 0)
        let root = assembler.run(facts, began: Self.epoch)
        #expect(root.start == Self.epoch && root.end == Self.epoch + 71 && root.parent == parent.span)
        #expect(assembler.clockError == 1.5)
        let live = Dictionary(
            uniqueKeysWithValues: (spans + [root]).map { ($0.id, "\($0.name) \($0.parent ?? "-") \(identity.trace)") })
        #expect(try traced() == live)
        // What each rank has spent, by hand.
        #expect(follower.phases.contains(PhaseSeconds(rank: 0, phase: .wait, seconds: 55e-6)))
        #expect(follower.phases.contains(PhaseSeconds(rank: 1, phase: .train, seconds: 40e-6)))
    }

    @Test func `A continued run stays in its trace, and counts its events from the first start`() throws {
        let identity = TraceIdentity(run: "run", epoch: Self.epoch, seed: "7")
        let second = 9_000_000
        try append(0, header(0) + lines(0, [event(0, .load, 0, 10), event(1, .wait, 10, 50)]))
        try append(1, header(1) + lines(1, [event(0, .load, 0, 10), event(1, .train, 10, 50, client: 0)]))
        #expect(TimingFiles.starts(in: folder).map(\.epoch) == [Self.epoch])
        try append(
            0,
            header(0, epoch: second) + lines(0, [event(0, .load, 0, 7), event(1, .wait, 7, 5)])
                + Array("# closed\n".utf8))
        try append(
            1,
            header(1, epoch: second) + lines(1, [event(0, .load, 0, 7), event(1, .train, 7, 5, client: 0)])
                + Array("# closed\n".utf8))
        var follower = TimingFollower(run: folder, ranks: 2, epoch: second)
        var assembler = SpanAssembler(identity, epoch: second, start: 1)
        for news in follower.look() { assembler.add(news) }
        let live = assembler.take(isOver: true).flatMap(\.spans)
        // Two rounds of rank 0, its two phases; two rounds of rank 1, two phases, a client.
        #expect(live.count == 9)
        let after = try traced()
        for span in live { #expect(after[span.id]?.hasPrefix(span.name + " ") ?? false, "\(span.name)") }
    }

    @Test func `A rank that is lost holds nothing back for longer than five seconds`() throws {
        var assembler = SpanAssembler(TraceIdentity(run: "a", epoch: 1, seed: ""), epoch: 1, start: 0)
        func news(_ rank: Int, _ first: Int, _ events: [TimingEvent]) -> TimingFollower.News {
            .init(rank: rank, host: "", first: first, events: events, isClosed: false, clockError: 0)
        }
        assembler.add(RoundRecord(round: 1))
        assembler.add(FaultRecord(round: 1, kind: .rankLost, rank: 1))
        assembler.add(news(1, 0, [event(1, .train, 0, 10)]))
        assembler.add(news(0, 0, [event(1, .wait, 0, 90), event(1, .reform, 90, 10), event(2, .wait, 100, 4_000_000)]))
        #expect(assembler.take().isEmpty)
        assembler.add(news(0, 3, [event(2, .gather, 4_000_100, 1_500_000)]))
        let spans = assembler.take().flatMap(\.spans)
        #expect(spans.map(\.name) == ["round 1", "wait", "reform", "round 1", "train"])
        // The moment of the event is that of the server's `reform`, on the run's axis from 1 on.
        #expect(spans[0].events.map(\.name) == ["rank lost"] && spans[0].events.map(\.time) == [91])
        // What comes late has no second span of rank 0's round.
        assembler.add(news(1, 1, [event(1, .wait, 10, 5), event(2, .wait, 15, 5)]))
        #expect(assembler.take().flatMap(\.spans).map(\.name) == ["round 1", "wait"])
    }
}
