import Cryptography
import FedCore
import Foundation
import Recording
import Testing

@testable import Federation
@testable import Records

@Suite struct CheckpointTests {
    static func record(_ round: Int) -> RoundRecord {
        RoundRecord(
            round: round, cohort: 3, participants: 2, partial: 1, rejected: 1, late: 0, dropped: 0, attempts: 1,
            samples: 40, trainLoss: 0.1 + Double(round),
            serverLoss: nil, serverAccuracy: nil, uploadBytes: 100, totalUploadBytes: 100 * round, downloadBytes: 50,
            totalDownloadBytes: 50 * round, seconds: 1.0 / 3, samplesPerSecond: 120,
            metrics: ["epsilon": 0.25])
    }

    static func state(rounds: Int = 2) -> RunState {
        var settings = RunSettings()
        settings.lr = 0.1
        settings.seed = .max
        var state = RunState(settings, weights: [1, -0.0, .leastNonzeroMagnitude, 0.1])
        state.last = rounds > 0 ? record(rounds) : nil
        state[PartName.strategy] = [7, 0, 255]
        state[PartName.inFlight] = [1, 2, 3]
        state["stage counting"] = [9]
        (state.dataDigest, state.teacherDigest) = (0xfedc_ba98_7654_3210, 0x0123_4567_89ab_cdef)
        state.seconds = 12.25
        return state
    }

    /// With records that have not reached the logs.
    static func saved(rounds: Int = 2) throws -> SavedRun {
        var saved = SavedRun(state(rounds: rounds))
        saved.rounds = try LogState(of: (0..<rounds).map { record($0 + 1) })
        saved.faults = try LogState(of: [
            FaultRecord(round: 1, kind: .rankLost, rank: 2, clients: [1, 3]),
            FaultRecord(round: 2, kind: .updatesRejected, clients: [0], reason: "NaN"),
        ])
        return saved
    }

    /// A checksum that fits, as whoever forges a file would make it.
    static func signed(_ body: Data) -> Data {
        body + Data(SHA256.hash(body))
    }

    @Test(arguments: [0, 1, 5]) func `A state comes back as it was`(rounds: Int) throws {
        let saved = try Self.saved(rounds: rounds)
        let read = try Checkpoint.decode(Checkpoint.encode(saved))
        #expect(read == saved)
        #expect(read.state.weights.map(\.bitPattern) == saved.state.weights.map(\.bitPattern))
    }

    @Test func `A loss that is not a number comes back`() throws {
        var saved = try Self.saved()
        saved.state.last?.trainLoss = .infinity
        saved.state.last?.serverLoss = .nan
        let read = try Checkpoint.decode(Checkpoint.encode(saved))
        #expect(read.state.last?.trainLoss == .infinity)
        #expect(read.state.last?.serverLoss?.isNaN == true)
    }

    @Test func `The weights are the last block, little-endian, before the SHA-256 of the rest`() throws {
        let data = try Checkpoint.encode(Self.saved())
        #expect(data.prefix(8) == Data("FEDMPICP".utf8))
        #expect(Array(data[8..<16]) == [8, 0, 0, 0, 0, 0, 0, 0])
        let tail = Array(data.dropLast(32).suffix(24))
        #expect(
            tail == [16, 0, 0, 0, 0, 0, 0, 0] + [0, 0, 0x80, 0x3f] + [0, 0, 0, 0x80] + [1, 0, 0, 0]
                + [0xcd, 0xcc, 0xcc, 0x3d])
        #expect(Self.signed(data.dropLast(32)) == data)
    }

    @Test func `A file cut off anywhere is refused`() throws {
        let data = try Checkpoint.encode(Self.saved())
        for count in 0..<data.count {
            #expect(throws: CheckpointDefect.self, "\(count) bytes") { try Checkpoint.decode(data.prefix(count)) }
        }
        #expect(throws: CheckpointDefect.checksum) { try Checkpoint.decode(data + [0]) }
    }

    @Test func `A file with any one bit flipped is refused`() throws {
        let data = try Checkpoint.encode(Self.saved(rounds: 1))
        for bit in 0..<data.count * 8 {
            var damaged = data
            damaged[bit / 8] ^= 1 << (bit % 8)
            #expect(throws: CheckpointDefect.self, "bit \(bit)") { try Checkpoint.decode(damaged) }
        }
    }

    @Test func `Other files and other versions are told apart`() throws {
        let data = try Checkpoint.encode(Self.saved())
        let foreign = Data(repeating: 0x50, count: 500)
        #expect(throws: CheckpointDefect.foreign) { try Checkpoint.decode(foreign) }
        #expect(throws: CheckpointDefect.truncated(bytes: 0)) { try Checkpoint.decode(Data()) }
        var body = Data(data.dropLast(32))
        body[8] = 99
        #expect(throws: CheckpointDefect.version(99)) { try Checkpoint.decode(Self.signed(body)) }
    }

    @Test func `Bytes whose checksum fits are still checked`() throws {
        let body = try Data(Checkpoint.encode(Self.saved()).dropLast(32))
        var random = RandomStream(seed: 7, .synthesis)
        for _ in 0..<5_000 {
            var mutated = body
            for _ in 0...random.integer(below: 3) {
                mutated[random.integer(below: mutated.count)] = UInt8(truncatingIfNeeded: random.nextWord())
            }
            if random.integer(below: 4) == 0 { mutated = mutated.prefix(random.integer(below: mutated.count)) }
            do throws(CheckpointDefect) {
                _ = try Checkpoint.decode(Self.signed(mutated))
            } catch {
                #expect(!error.description.isEmpty)
            }
        }
        #expect(throws: CheckpointDefect.layout) { try Checkpoint.decode(Self.signed(body + [0])) }
    }

    @Test func `A state that no run reaches is refused`() throws {
        let changes: [(inout SavedRun) throws -> Void] = [
            { $0.state.settings.rounds = 1 },
            { $0.state.settings.alpha = -1 },
            { $0.state.settings.clients = .max },
            { $0.rounds = try LogState(of: [Self.record(2), Self.record(1)]) },
            { $0.rounds = try LogState(of: (1...3).map(Self.record)) },
            { $0.rounds.rest = Array("{}".utf8) },
            { $0.rounds.position = LogPosition(records: 1, bytes: 100, sha256: String(repeating: "0", count: 64)) },
            { $0.rounds.position = LogPosition(records: -1, bytes: 100, sha256: String(repeating: "0", count: 64)) },
            { $0.faults.position = LogPosition(records: 1, bytes: 100, sha256: "0") },
            { $0.faults.rest = Array("7".utf8) },
            { $0.state.last?.totalUploadBytes = .max },
            { $0.state.last?.samples = -1 },
            { $0.state.last?.round = 0 },
            { $0.state.seconds = -1 },
            {
                $0.state.last = nil
                $0.state.isEvaluated = false
            },
        ]
        for (i, change) in changes.enumerated() {
            var saved = try Self.saved()
            try change(&saved)
            let data = try Checkpoint.encode(saved)
            #expect(throws: CheckpointDefect.self, "\(i)") { try Checkpoint.decode(data) }
        }
    }

    /// Version 7, in which each part's state had a place of its own.
    private static func separate(_ state: RunState) throws -> Data {
        let settings = String(decoding: try JSONEncoder().encode(state.settings), as: UTF8.self)
        let start = #"{"bytes":0,"records":0,"sha256":"\#(LogPosition.start.sha256)"}"#
        let text = """
            {"aggregation_state":"AQI=","data_digest":5,"fault_log":\(start),"fedmpi":"0.1.0","is_evaluated":true,\
            "progress":{"evaluations_since":0},"round_log":\(start),"seconds":1,"selection_state":"Aw==",\
            "settings":\(settings)}
            """
        var body = Data("FEDMPICP".utf8) + Data([7, 0, 0, 0, 0, 0, 0, 0])
        for block in [Data(text.utf8), Data(), Data(), Data([7]), Data([8, 9]), Data([0, 0, 0x80, 0x3f])] {
            body += length(block.count) + block
        }
        return signed(body)
    }

    @Test func `A checkpoint of version 7 gives its parts their states`() throws {
        let read = try Checkpoint.decode(Self.separate(Self.state(rounds: 0))).state
        #expect(
            read.parts == [
                PartName.strategy: [7], PartName.inFlight: [8, 9], PartName.aggregation: [1, 2],
                PartName.selection: [3],
            ])
        #expect(read.weights == [1] && read.dataDigest == 5 && read.round == 0)
    }

    @Test func `Parts out of order, twice or without a state are refused`() throws {
        func data(_ parts: [(String, [UInt8])]) throws -> Data {
            let whole = Array(try Checkpoint.encode(SavedRun(Self.state(rounds: 0))))
            // Behind the header the description; then two empty blocks, the parts and the weights of 16 bytes.
            let size = whole[16..<24].reversed().reduce(0) { $0 << 8 | Int($1) }
            let block = parts.reduce(Data()) {
                $0 + Self.length($1.0.utf8.count) + Data($1.0.utf8) + Self.length($1.1.count) + Data($1.1)
            }
            let tail = whole.dropLast(32).suffix(24)
            return Self.signed(
                Data(whole[..<(24 + size)]) + Self.length(0) + Self.length(0) + Self.length(block.count) + block + tail)
        }
        #expect(try Checkpoint.decode(data([("a", [1]), ("b", [2])])).state.parts == ["a": [1], "b": [2]])
        for bad: [(String, [UInt8])] in [[("b", [1]), ("a", [2])], [("a", [1]), ("a", [2])], [("a", [])]] {
            #expect(throws: CheckpointDefect.layout) { try Checkpoint.decode(data(bad)) }
        }
    }

    private static func length(_ count: Int) -> Data {
        Data((0..<8).map { UInt8(truncatingIfNeeded: count >> (8 * $0)) })
    }

    /// What fedmpi wrote before its checkpoints named positions in logs.
    private static func whole(_ state: RunState, records: [RoundRecord], faults: [FaultRecord]) throws -> Data {
        let settings = String(decoding: try JSONEncoder().encode(state.settings), as: UTF8.self)
        let rounds = String(decoding: try JSONEncoder().encode(records), as: UTF8.self)
        let losses = String(decoding: try JSONEncoder().encode(faults), as: UTF8.self)
        let text = """
            {"aggregation_state":"","data_digest":\(state.dataDigest),"faults":\(losses),"fedmpi":"0.1.0",\
            "is_evaluated":false,"records":\(rounds),"seconds":12.25,"selection_state":"","settings":\(settings)}
            """
        var body = Data("FEDMPICP".utf8) + Data([6, 0, 0, 0, 0, 0, 0, 0])
        for block in [Data(text.utf8), Data([7]), Data(), Data([0, 0, 0x80, 0x3f])] {
            body += length(block.count) + block
        }
        return signed(body)
    }

    @Test func `A checkpoint of version 6 gives its records to the logs`() throws {
        var records = (1...3).map(Self.record)
        (records[0].serverAccuracy, records[1].serverAccuracy) = (0.5, 0.25)
        let faults = [FaultRecord(round: 1, kind: .rankLost, rank: 2, clients: [1, 3])]
        let state = Self.state(rounds: 3)
        let read = try Checkpoint.decode(Self.whole(state, records: records, faults: faults))
        #expect(read.state.round == 3 && !read.state.isEvaluated && read.state.last == records[2])
        #expect(read.state.settings == state.settings && read.state.dataDigest == state.dataDigest)
        #expect(read.state.weights == [1] && read.state.parts == [PartName.strategy: [7]])
        #expect(read.state.progress.best == 0.5 && read.state.progress.evaluationsSince == 1)
        var seen: [RoundRecord] = []
        try read.earlierRecords(in: URL(fileURLWithPath: "/")).forEachRound { seen.append($0) }
        #expect(seen == Array(records[..<2]), "the third is still to be evaluated")
        #expect(try read.faults == LogState(of: faults))
        let wrong = try Self.whole(state, records: [records[1], records[0]], faults: [])
        #expect(throws: CheckpointDefect.self) { try Checkpoint.decode(wrong) }
    }
}
