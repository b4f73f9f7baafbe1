import FedCore
import Foundation

@testable import Analysis
@testable import Recording

/// Logs that tests make up.
enum Logs {
    static func session(
        rank: Int, of ranks: Int = 3, epoch: Int = 1_000_000,
        start: ClockReading? = ClockReading(at: 0, offset: 0, error: 2),
        end: ClockReading? = ClockReading(at: 1_000, offset: 0, error: 1), _ events: [TimingEvent]
    ) -> TimingSession {
        TimingSession(
            header: TimingHeader(
                rank: rank, ranks: ranks, host: "node\(rank)", process: 100 + rank, epoch: epoch, clockAtStart: start,
                clockAtEnd: end),
            events: events, isClosed: end != nil)
    }

    static func event(
        _ round: Int, _ phase: Phase, _ start: Int, _ duration: Int, bytesIn: Int = 0, bytesOut: Int = 0,
        clients: Int = 0, samples: Int = 0, client: Int? = nil
    ) -> TimingEvent {
        TimingEvent(
            round: round, phase: phase, start: start, duration: duration, bytesIn: bytesIn, bytesOut: bytesOut,
            peer: nil,
            clients: clients, samples: samples, client: client)
    }

    /// A server and two clients in two rounds of 100 µs each, after 10 µs. Client rank 1 trains 60 µs a round, rank 2
    /// 80 µs; each receives 30 bytes and sends 50.
    static var twoRounds: [TimingSession] {
        let starts = [10, 110]
        var server = [event(0, .load, 0, 10)]
        var clients = [[event(0, .wait, 0, 10)], [event(0, .wait, 0, 10)]]
        for (i, start) in starts.enumerated() {
            let round = i + 1
            server += [
                event(round, .broadcast, start, 5, bytesOut: 60, clients: 2), event(round, .wait, start + 5, 85),
                event(round, .gather, start + 90, 5, bytesIn: 100, clients: 2), event(round, .aggregate, start + 95, 5),
            ]
            for (client, training) in [60, 80].enumerated() {
                clients[client] += [
                    event(round, .broadcast, start, 5, bytesIn: 30, clients: 1),
                    event(round, .train, start + 5, training, clients: 1, samples: 10 * (client + 1), client: client),
                    event(round, .wait, start + 5 + training, 85 - training),
                    event(round, .gather, start + 90, 5, bytesOut: 50, clients: 1),
                    event(round, .idle, start + 95, 5),
                ]
            }
        }
        return [session(rank: 0, server), session(rank: 1, clients[0]), session(rank: 2, clients[1])]
    }

    static func timing(_ sessions: [TimingSession]) -> RunTiming {
        RunTiming(sessions.map { (sessions: [$0], messages: nil) })
    }

    static func round(
        _ number: Int, accuracy: Double?, upload: Int = 1_000_000, participants: Int = 2, late: Int = 0
    ) -> String {
        let evaluation = accuracy.map { ", \"server_accuracy\": \($0), \"server_loss\": 0.5" } ?? ""
        return "{\"round\": \(number), \"cohort\": 2, \"participants\": \(participants), \"late\": \(late), "
            + "\"train_loss\": 0.7, \"seconds\": 0.0001, \"upload_bytes\": \(upload), \"download_bytes\": \(upload)"
            + "\(evaluation)}"
    }
}

/// A run's folder that goes with its owner.
final class RunFolderFixture {
    let url: URL

    /// - Parameter log: what `round_log.json` holds; nil: there is none.
    init(log: String?, sessions: [TimingSession] = [], name: String = "a run") throws {
        url = FileManager.default.temporaryDirectory
            .appendingPathComponent("fedmpi-analysis-\(UUID().uuidString)").appendingPathComponent(name)
        let timing = url.appendingPathComponent(TimingFiles.folder)
        try FileManager.default.createDirectory(at: timing, withIntermediateDirectories: true)
        if let log { try write(log, "round_log.json") }
        for session in sessions {
            var bytes = TimingEncoder.header(session.header)
            let encoder = TimingEncoder(rank: session.header.rank, host: session.header.host)
            for event in session.events { encoder.encode(event, to: &bytes) }
            if let clock = session.header.clockAtEnd {
                bytes += TimingEncoder.trailer(clock)
                if let use = session.header.processor { bytes += TimingEncoder.processor(use) }
                bytes += Array("# closed\n".utf8)
            }
            try Data(bytes).write(to: timing.appendingPathComponent(TimingFiles.events(rank: session.header.rank)))
        }
    }

    deinit {
        try? FileManager.default.removeItem(at: url.deletingLastPathComponent())
    }

    func write(_ text: String, _ name: String) throws {
        try Data(text.utf8).write(to: url.appendingPathComponent(name))
    }

    func text(_ name: String) throws -> String {
        try String(contentsOf: url.appendingPathComponent(name), encoding: .utf8)
    }

    var files: [String] {
        get throws { try FileManager.default.contentsOfDirectory(atPath: url.path) }
    }
}
