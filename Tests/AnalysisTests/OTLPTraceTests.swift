import FedCore
import Foundation
import Recording
import Testing

@testable import Analysis

struct OTLPTraceTests {
    /// A span as its reader sees it.
    private struct Span {
        let name: String
        let id: String
        let parent: String?
        let trace: String
        let resource: [String: Any]
        let start: Int
        let end: Int
        let attributes: [String: Any]
        let events: [(name: String, time: Int, attributes: [String: Any])]
        let status: [String: Any]

        var rank: Int? { resource["fedmpi.rank"] as? Int }
        func count(_ name: String) -> Int { attributes["fedmpi.\(name)"] as? Int ?? 0 }
    }

    /// `{"stringValue": …}` and its like; whole numbers are strings.
    private static func attributes(_ json: Any?) -> [String: Any] {
        var attributes: [String: Any] = [:]
        for pair in json as? [[String: Any]] ?? [] {
            guard let key = pair["key"] as? String, let value = pair["value"] as? [String: Any], value.count == 1
            else { continue }
            attributes[key] =
                (value["intValue"] as? String).map { Int($0) as Any } ?? value["stringValue"] ?? value["doubleValue"]
                ?? value["boolValue"]
        }
        return attributes
    }

    private static func spans(_ bytes: [UInt8]) throws -> [Span] {
        let file = try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any]
        var spans: [Span] = []
        for resource in try #require(file?["resourceSpans"] as? [[String: Any]]) {
            let ofResource = attributes((resource["resource"] as? [String: Any])?["attributes"])
            for span in try #require((resource["scopeSpans"] as? [[String: Any]])?.first?["spans"] as? [[String: Any]])
            {
                func time(_ span: [String: Any], _ key: String) throws -> Int {
                    try #require((span[key] as? String).flatMap { Int($0) })
                }
                spans.append(
                    Span(
                        name: try #require(span["name"] as? String), id: try #require(span["spanId"] as? String),
                        parent: span["parentSpanId"] as? String, trace: try #require(span["traceId"] as? String),
                        resource: ofResource, start: try time(span, "startTimeUnixNano"),
                        end: try time(span, "endTimeUnixNano"), attributes: attributes(span["attributes"]),
                        events: try (span["events"] as? [[String: Any]] ?? []).map {
                            ($0["name"] as? String ?? "", try time($0, "timeUnixNano"), attributes($0["attributes"]))
                        },
                        status: try #require(span["status"] as? [String: Any])))
            }
        }
        return spans
    }

    /// Each client's update of 50 bytes goes up, each frame of 30 down.
    private static let log = """
        [{"round": 1, "cohort": 2, "participants": 2, "train_loss": 0.7, "server_loss": 0.6, "server_accuracy": 0.5,
        "seconds": 0.0001, "upload_bytes": 100, "download_bytes": 60},
        {"round": 2, "cohort": 2, "participants": 1, "late": 1, "train_loss": 0.6, "server_accuracy": 0.75,
        "seconds": 0.0001, "upload_bytes": 100, "download_bytes": 60}]
        """

    private func fixture(_ sessions: [TimingSession] = Logs.twoRounds) throws -> RunFolderFixture {
        let fixture = try RunFolderFixture(log: Self.log, sessions: sessions)
        let settings = #""seed": 7, "strategy": "fedavg", "model": "logistic", "dataset": "a \"b\"", "clients": 2"#
        try fixture.write("{\"fedmpi\": \"9.8.7\", \"settings\": {\(settings)}}", "config.json")
        return fixture
    }

    private func spans(_ fixture: RunFolderFixture) throws -> [Span] {
        try Self.spans(OTLPTrace(RecordedRun(in: fixture.url)).bytes)
    }

    /// Every span but the root is in one that is in the file.
    private func expectTree(_ spans: [Span]) {
        let byID = Dictionary(spans.map { ($0.id, $0) }) { first, _ in first }
        #expect(byID.count == spans.count, "ids are unique")
        #expect(spans.filter { $0.parent == nil }.map(\.rank) == [0], "one root")
        func isHexadecimal(_ text: String, _ digits: Int) -> Bool {
            text.count == digits && text.allSatisfy { "0123456789abcdef".contains($0) } && text.contains { $0 != "0" }
        }
        for span in spans {
            #expect(isHexadecimal(span.id, 16) && isHexadecimal(span.trace, 32) && span.trace == spans[0].trace)
            #expect(span.start <= span.end)
            guard let parent = span.parent else { continue }
            guard let outer = byID[parent] else {
                Issue.record("\(span.name) of rank \(span.rank ?? -1) has a parent that is not there")
                continue
            }
            #expect(outer.start <= span.start && span.end <= outer.end, "\(span.name) in \(outer.name)")
        }
    }

    @Test func `A run holds rank 0's rounds, these the other ranks', and these phases and clients`() throws {
        let spans = try spans(fixture())
        expectTree(spans)
        // By hand: the root, three rounds of three ranks, phases (9 and two times 11), clients (two rounds of two).
        #expect(spans.count == 1 + 9 + 31 + 4)
        let byID = Dictionary(uniqueKeysWithValues: spans.map { ($0.id, $0) })
        func path(_ span: Span) -> [String] {
            (span.parent.flatMap { byID[$0] }.map(path) ?? []) + ["\(span.rank ?? -1) \(span.name)"]
        }
        let client = try #require(spans.last { $0.name == "client 1" })
        #expect(path(client) == ["0 run a run", "0 round 2", "2 round 2", "2 train", "2 client 1"])
        // The run began a second after 1970, and the client's turn of 80 µs 115 µs later.
        #expect(client.start == 1_000_115_000 && client.end == 1_000_195_000)
        #expect(client.attributes["fedmpi.samples"] as? Int == 20)
        #expect(spans.first { $0.rank == 1 }?.resource["service.instance.id"] as? String == "rank 1")
        #expect(spans[0].resource["service.version"] as? String == "9.8.7")
        #expect(spans[0].attributes["fedmpi.dataset"] as? String == "a \"b\"")
        #expect(spans[0].attributes["fedmpi.seed"] as? Int == 7)
    }

    @Test func `Bytes of a round's messages are those of the round log`() throws {
        let spans = try spans(fixture())
        let byID = Dictionary(uniqueKeysWithValues: spans.map { ($0.id, $0) })
        func sum(_ phase: String, ranks: ClosedRange<Int>, in round: String, _ value: (Span) -> Int) -> Int {
            spans.filter { span in
                span.name == phase && ranks.contains(span.rank ?? -1)
                    && span.parent.flatMap { byID[$0] }?.name == round
            }.reduce(0) { $0 + value($1) }
        }
        for round in spans where round.rank == 0 && round.count("round") > 0 {
            #expect(round.count("upload_bytes") == 100 && round.count("download_bytes") == 60)
            #expect(sum("gather", ranks: 0...0, in: round.name) { $0.count("bytes_in") } == 100)
            #expect(sum("gather", ranks: 1...2, in: round.name) { $0.count("bytes_out") } == 100)
            #expect(
                sum("broadcast", ranks: 1...2, in: round.name) { $0.count("bytes_in") * $0.count("clients") } == 60)
        }
        #expect(spans[0].count("upload_bytes") == 200 && spans[0].count("download_bytes") == 120)
        let second = try #require(spans.first { $0.name == "round 2" && $0.rank == 0 })
        #expect(second.attributes["fedmpi.accuracy"] as? Double == 0.75)
        #expect(second.count("participants") == 1 && second.count("late") == 1)
    }

    @Test func `A round on rank 0 is as wide as on all ranks: a worker's ends when it hears of the next`() throws {
        var sessions = Logs.twoRounds
        for i in sessions[2].events.indices where sessions[2].events[i].round == 1 {
            if sessions[2].events[i].phase == .idle { sessions[2].events[i].duration += 3 }
        }
        let spans = try spans(fixture(sessions))
        expectTree(spans)
        let round = try #require(spans.first { $0.name == "round 1" && $0.rank == 0 })
        #expect(round.start == 1_000_010_000 && round.end == 1_000_113_000)
        // Rank 0's own phases are as they were.
        let phases = spans.filter { $0.parent == round.id && $0.rank == 0 }
        #expect(phases.map(\.name) == ["broadcast", "wait", "gather", "aggregate"])
        #expect(phases.last?.end == 1_000_110_000)
    }

    @Test func `The same run has the same bytes, and ids of its name, start and seed`() throws {
        let fixture = try fixture()
        let run = try RecordedRun(in: fixture.url)
        #expect(try OTLPTrace(run).bytes == OTLPTrace(run).bytes)
        let spans = try spans(fixture)
        // Of Python's hashlib: sha256(b"a run\0" b"1000000\0" b"7"), and sha256(trace + " 0 run").
        #expect(spans[0].trace == "60e4d929df07dd647d5689348cf00d1b")
        #expect(spans[0].id == "899f47e3e0440212")
    }

    @Test func `A continued run is one trace: no span but its root lasts over the time between`() throws {
        let day = 86_400_000_000
        func event(_ round: Int, _ phase: Phase, _ start: Int, _ duration: Int) -> TimingEvent {
            Logs.event(round, phase, start, duration)
        }
        func session(_ rank: Int, _ epoch: Int, end: ClockReading?, _ events: [TimingEvent]) -> TimingSession {
            Logs.session(rank: rank, of: 2, epoch: epoch, end: end, events)
        }
        let closed = ClockReading(at: 100, offset: 0, error: 1)
        let first = [
            session(0, day, end: nil, [event(1, .wait, 0, 100), event(2, .wait, 100, 50)]),
            session(1, day, end: nil, [event(1, .train, 0, 100), event(2, .train, 100, 20)]),
        ]
        // The other rank begins a moment before rank 0 does.
        let second = [
            session(0, 2 * day, end: closed, [event(2, .wait, 0, 90)]),
            session(1, 2 * day, end: closed, [event(0, .load, -60, 60), event(2, .train, 0, 90)]),
        ]
        let fixture = try fixture(first)
        for (old, new) in zip(first, second) {
            let other = try RunFolderFixture(log: nil, sessions: [new])
            let name = "timing/" + TimingFiles.events(rank: old.header.rank)
            try fixture.write(try fixture.text(name) + other.text(name), name)
        }
        let spans = try spans(fixture)
        expectTree(spans)
        #expect(spans.filter { $0.parent != nil }.allSatisfy { $0.end - $0.start < 1_000_000 })
        #expect(spans[0].start == 1000 * day)
        #expect(spans[0].end == 2000 * day + 90_000)
        #expect(spans[0].events.map(\.time) == [2000 * day])
        let repeated = spans.filter { $0.name == "round 2" && $0.rank == 0 }
        #expect(repeated.map(\.start) == [1000 * day + 100_000, 2000 * day])
        // The log tells of the second time.
        #expect(repeated.map { $0.attributes["fedmpi.accuracy"] as? Double } == [nil, 0.75])
        #expect(spans.first { $0.name == "load" }?.start == 2000 * day - 60_000)
        let events = try RecordedRun(in: fixture.url).timing.clients.flatMap(\.events)
        #expect(events.map(\.start) == [0, 100, 150, 210], "in order, though it began before rank 0")
    }

    @Test func `Faults are events of their round, and a log that ends early is an error`() throws {
        var sessions = Logs.twoRounds
        sessions[1].header.clockAtEnd = nil
        sessions[1].events.removeAll { $0.round == 2 }
        let fixture = try fixture(sessions)
        try fixture.write(
            #"[{"round": 2, "kind": "rank_lost", "rank": 1, "clients": [0], "reason": "gone"}]"#, "faults.json")
        try fixture.write("", "model.safetensors")
        let spans = try spans(fixture)
        let event = try #require(spans.first { $0.name == "round 2" && $0.rank == 0 }?.events.first)
        #expect(event.name == "rank lost" && event.time == 1_000_110_000)
        #expect(event.attributes["fedmpi.rank"] as? Int == 1 && event.attributes["fedmpi.reason"] as? String == "gone")
        let failed = spans.filter { $0.status["code"] as? Int == 2 }
        #expect(failed.map(\.name) == ["round 1"] && failed.map(\.rank) == [1])
    }

    @Test func `A run without timing files, and one that does not tell when it was, are refused`() throws {
        let bare = try fixture([])
        let error = #expect(throws: ConfigurationError.self) { try OTLPTrace(RecordedRun(in: bare.url)) }
        #expect(error?.description.hasSuffix("has no timing files: a run leaves them with --timing on") == true)
        for (epoch, start) in [(0, 0), (Int.max, 0), (5, -10)] {
            let session = Logs.session(rank: 0, of: 1, epoch: epoch, [Logs.event(1, .train, start, 10)])
            let timeless = try fixture([session])
            let error = #expect(throws: ConfigurationError.self) { try OTLPTrace(RecordedRun(in: timeless.url)) }
            #expect(error?.description.hasSuffix("do not tell when the run was") == true)
        }
    }
}
