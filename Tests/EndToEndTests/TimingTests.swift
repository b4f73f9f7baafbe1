import Foundation
import Testing

/// What ranks record of their time, under real `mpirun`.
@Suite(.serialized, .enabled(if: Program.binary != nil, "set FEDMPI_BINARY to the release binary"))
struct TimingTests {
    private let folder: Folder

    init() throws {
        folder = try Folder()
    }

    /// A line of a rank's event file.
    private struct Event {
        let round: Int
        let phase: String
        let start: Int
        let duration: Int
        let peer: Int?

        init(_ line: Substring) throws {
            let cells = line.split(separator: ",", omittingEmptySubsequences: false)
            try #require(cells.count == 12, "\(line)")
            round = try #require(Int(cells[0]))
            phase = String(cells[3])
            start = try #require(Int(cells[4]))
            duration = try #require(Int(cells[5]))
            peer = Int(cells[8])
        }
    }

    private func text(_ run: String, _ file: String) throws -> String {
        try String(contentsOf: folder.url.appendingPathComponent("\(run)/timing/\(file)"), encoding: .utf8)
    }

    private func events(_ run: String, rank: Int) throws -> [Event] {
        try text(run, "rank_000\(rank).csv").split(separator: "\n")
            .filter { !$0.hasPrefix("#") && !$0.hasPrefix("round,") }.map { try Event($0) }
    }

    /// Seconds of each phase.
    private func seconds(_ events: [Event]) -> [String: Double] {
        events.reduce(into: [:]) { $0[$1.phase, default: 0] += Double($1.duration) / 1e6 }
    }

    private func train(
        _ run: String, ranks: Int, _ arguments: [String], environment: [String: String] = [:]
    ) throws -> Program.Outcome {
        let outcome = try Program.run(
            ranks: ranks, arguments + ["--run-name", run, "--results", folder.path, "--json", "--no-report"],
            environment: environment)
        #expect(outcome.status == 0, "\(outcome.errors)")
        return outcome
    }

    @Test func `The phases cover at least 98 percent of every rank's time over ten rounds on six ranks`() throws {
        let start = Date()
        let outcome = try train(
            "ten", ranks: 6, ["--rounds", "10", "--dataset", "synthetic", "--samples-per-client", "300"])
        let wall = Date().timeIntervalSince(start)
        let rounds = try #require(outcome.events().last?["seconds"] as? Double)
        for rank in 0..<6 {
            let events = try events("ten", rank: rank)
            for (event, next) in zip(events, events.dropFirst()) {
                #expect(event.start + event.duration <= next.start)
            }
            let end = try #require(events.last.map { Double($0.start + $0.duration) / 1e6 })
            // The rounds take most of the time between the launch and the end of mpirun.
            #expect(end >= rounds && end <= wall)
            let sum = seconds(events).values.reduce(0, +)
            #expect(sum >= 0.98 * end, "rank \(rank): \(sum) s of \(end) s")
            let text = try text("ten", "rank_000\(rank).csv")
            #expect(text.contains("# clock_start ") && text.contains("# clock_end "))
        }
    }

    @Test(arguments: ["gatherv", "reduce"])
    func `A client that is slow shows as its training and as the others' wait, not as gather time`(wire: String) throws
    {
        _ = try train(
            "slow-\(wire)", ranks: 6,
            [
                "--rounds", "3", "--dataset", "synthetic", "--model", "logistic", "--wire", wire,
                "--inject", "delay:rank=3@round=2,seconds=2",
            ])
        for rank in 0..<6 {
            let events = try events("slow-\(wire)", rank: rank).filter { $0.round == 2 }
            let seconds = seconds(events)
            if rank == 3 {
                #expect(seconds["train", default: 0] >= 2)
                #expect(seconds["wait", default: 0] < 0.5)
            } else {
                #expect(seconds["wait", default: 0] > 1.5, "rank \(rank): \(seconds)")
                #expect(seconds["train", default: 0] < 0.5)
            }
            for phase in ["gather", "broadcast"] {
                #expect(seconds[phase, default: 0] < 0.3, "rank \(rank): \(seconds)")
            }
            if rank == 0 {
                let longest = events.filter { $0.phase == "wait" }.max { $0.duration < $1.duration }
                #expect(longest?.peer == 3)
            }
        }
    }

    @Test func `A killed rank leaves its events, and the others' time stays whole`() throws {
        _ = try train(
            "killed", ranks: 4,
            [
                "--rounds", "4", "--dataset", "synthetic", "--model", "logistic", "--inject",
                "delay:rank=2@round=2,phase=gather,seconds=3", "--inject", "kill:rank=2@round=3",
            ])
        #expect(try events("killed", rank: 2).contains { $0.round == 2 && $0.phase == "train" })
        for rank in [0, 1, 3] {
            let events = try events("killed", rank: rank)
            #expect(events.contains { $0.phase == "reform" })
            #expect(events.last?.round == 4)
            let end = try #require(events.last.map { $0.start + $0.duration })
            #expect(Double(events.reduce(0) { $0 + $1.duration }) >= 0.98 * Double(end))
            #expect(try !text("killed", "rank_000\(rank).csv").contains("# clock_end "))
        }
    }

    @Test func `Keeping time changes no bit, and off leaves no trace of it`() throws {
        let arguments = ["--rounds", "3", "--dataset", "synthetic", "--samples-per-client", "60"]
        let timed = try train("on", ranks: 4, arguments)
        let untimed = try train("off", ranks: 4, arguments + ["--timing", "off"])
        #expect(try timed.digest() == untimed.digest())
        let path = folder.path + "/off/timing"
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    // MARK: Against Open MPI's own counters

    @Test func `The counted bytes are those that Open MPI counts itself`() throws {
        let prefix = folder.path + "/monitoring"
        _ = try train(
            "counted", ranks: 4, ["--rounds", "5", "--dataset", "synthetic", "--samples-per-client", "60"],
            environment: [
                "OMPI_MCA_pml_monitoring_enable": "2", "OMPI_MCA_pml_monitoring_enable_output": "3",
                "OMPI_MCA_pml_monitoring_filename": prefix,
            ])
        for rank in 0..<4 {
            let counts = try text("counted", "messages_rank_000\(rank).csv").split(separator: "\n")
                .map { $0.split(separator: ",").map(String.init) }.filter { $0.count == 7 && $0[0] != "operation" }
            func sum(_ column: Int, of operations: [String], with peer: Int? = nil) -> Int {
                counts.filter { operations.contains($0[0]) && (peer == nil || $0[1] == "\(peer ?? 0)") }
                    .reduce(0) { $0 + (Int($1[column]) ?? 0) }
            }
            let profile = try Profile(file: "\(prefix).\(rank).prof")
            // Everything that is sent point to point, the control channel's included.
            for peer in 0..<4 where peer != rank {
                let sent = profile.pointToPoint[peer] ?? (bytes: 0, messages: 0)
                #expect(sent.bytes == sum(3, of: ["MPI_Isend", "MPI_Send"], with: peer))
                #expect(sent.messages == sum(2, of: ["MPI_Isend", "MPI_Send"], with: peer))
            }
            // The root of a collective counts for all; the others count nothing.
            #expect(profile.allToOne == (rank == 0 ? sum(4, of: ["MPI_Igather", "MPI_Igatherv"]) : 0))
            #expect(profile.oneToAll == (rank == 0 ? sum(3, of: ["MPI_Ibcast"]) : 0))
        }
        let records = try JSONSerialization.jsonObject(
            with: Data(contentsOf: folder.url.appendingPathComponent("counted/round_log.json")))
        let last = try #require((records as? [[String: Any]])?.last)
        let upload = try text("counted", "messages_rank_0000.csv").split(separator: "\n")
            .filter { $0.hasPrefix("MPI_Igatherv,") }.reduce(0) { $0 + (Int($1.split(separator: ",")[4]) ?? 0) }
        #expect(upload == last["total_upload_bytes"] as? Int)
    }

    /// What Open MPI's monitoring components say of one rank; `E` are a program's own messages, `O2A` and `A2O` its
    /// collectives with a root, per communicator.
    private struct Profile {
        var pointToPoint: [Int: (bytes: Int, messages: Int)] = [:]
        var oneToAll = 0
        var allToOne = 0

        init(file: String) throws {
            for line in try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n") {
                let cells = line.split(separator: "\t").map(String.init)
                func number(_ cell: Int) -> Int { Int(cells[cell].prefix { $0 != " " }) ?? -1 }
                switch cells[0] {
                case "E": pointToPoint[number(2)] = (number(3), number(4))
                case "O2A": oneToAll += number(2)
                case "A2O": allToOne += number(2)
                default: break
                }
            }
        }
    }
}
