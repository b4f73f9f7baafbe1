import Cryptography
import FedCore
import Foundation
import Recording
import Testing

@testable import Federation

@Suite struct CheckpointTests {
    static func record(_ round: Int) -> RoundRecord {
        RoundRecord(
            round: round, cohort: 3, participants: 2, partial: 1, rejected: 1, late: 0, dropped: 0, attempts: 1,
            samples: 40, trainLoss: 0.1 + Double(round),
            serverLoss: nil, serverAccuracy: nil, uploadBytes: 100, totalUploadBytes: 100 * round, downloadBytes: 50,
            totalDownloadBytes: 50 * round, seconds: 1.0 / 3, samplesPerSecond: 120, simulatedSeconds: nil)
    }

    static func state(rounds: Int = 2) -> RunState {
        var settings = RunSettings()
        settings.lr = 0.1
        settings.seed = .max
        return RunState(
            settings: settings, records: (0..<rounds).map { record($0 + 1) },
            faults: [
                FaultRecord(round: 1, kind: .rankLost, rank: 2, clients: [1, 3]),
                FaultRecord(round: 2, kind: .updatesRejected, clients: [0], reason: "NaN"),
            ], isEvaluated: true,
            weights: [1, -0.0, .leastNonzeroMagnitude, 0.1], strategyState: [7, 0, 255], asynchronousState: [1, 2, 3],
            dataDigest: 0xfedc_ba98_7654_3210, teacherDigest: 0x0123_4567_89ab_cdef, seconds: 12.25)
    }

    /// A checksum that fits, as whoever forges a file would make it.
    static func signed(_ body: Data) -> Data {
        body + Data(SHA256.hash(body))
    }

    @Test(arguments: [0, 1, 5]) func `A state comes back as it was`(rounds: Int) throws {
        let state = Self.state(rounds: rounds)
        let read = try Checkpoint.decode(Checkpoint.encode(state))
        #expect(read == state)
        #expect(read.weights.map(\.bitPattern) == state.weights.map(\.bitPattern))
    }

    @Test func `A loss that is not a number comes back`() throws {
        var state = Self.state()
        state.records[1].trainLoss = .infinity
        state.records[0].serverLoss = .nan
        let read = try Checkpoint.decode(Checkpoint.encode(state))
        #expect(read.records[1].trainLoss == .infinity)
        #expect(read.records[0].serverLoss?.isNaN == true)
    }

    @Test func `The weights are the last block, little-endian, before the SHA-256 of the rest`() throws {
        let data = try Checkpoint.encode(Self.state())
        #expect(data.prefix(8) == Data("FEDMPICP".utf8))
        #expect(Array(data[8..<16]) == [6, 0, 0, 0, 0, 0, 0, 0])
        let tail = Array(data.dropLast(32).suffix(24))
        #expect(
            tail == [16, 0, 0, 0, 0, 0, 0, 0] + [0, 0, 0x80, 0x3f] + [0, 0, 0, 0x80] + [1, 0, 0, 0]
                + [0xcd, 0xcc, 0xcc, 0x3d])
        #expect(Self.signed(data.dropLast(32)) == data)
    }

    @Test func `A file cut off anywhere is refused`() throws {
        let data = try Checkpoint.encode(Self.state())
        for count in 0..<data.count {
            #expect(throws: CheckpointDefect.self, "\(count) bytes") { try Checkpoint.decode(data.prefix(count)) }
        }
        #expect(throws: CheckpointDefect.checksum) { try Checkpoint.decode(data + [0]) }
    }

    @Test func `A file with any one bit flipped is refused`() throws {
        let data = try Checkpoint.encode(Self.state(rounds: 1))
        for bit in 0..<data.count * 8 {
            var damaged = data
            damaged[bit / 8] ^= 1 << (bit % 8)
            #expect(throws: CheckpointDefect.self, "bit \(bit)") { try Checkpoint.decode(damaged) }
        }
    }

    @Test func `Other files and other versions are told apart`() throws {
        let data = try Checkpoint.encode(Self.state())
        let foreign = Data(repeating: 0x50, count: 500)
        #expect(throws: CheckpointDefect.foreign) { try Checkpoint.decode(foreign) }
        #expect(throws: CheckpointDefect.truncated(bytes: 0)) { try Checkpoint.decode(Data()) }
        var body = Data(data.dropLast(32))
        body[8] = 99
        #expect(throws: CheckpointDefect.version(99)) { try Checkpoint.decode(Self.signed(body)) }
    }

    @Test func `Bytes whose checksum fits are still checked`() throws {
        let body = try Data(Checkpoint.encode(Self.state()).dropLast(32))
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
        let changes: [(inout RunState) -> Void] = [
            { $0.settings.rounds = 1 },
            { $0.settings.alpha = -1 },
            { $0.settings.clients = .max },
            { $0.records.swapAt(0, 1) },
            { $0.records[0].totalUploadBytes = .max },
            { $0.records[1].samples = -1 },
            { $0.seconds = -1 },
            {
                $0.records = []
                $0.isEvaluated = false
            },
        ]
        for change in changes {
            var state = Self.state()
            change(&state)
            let data = try Checkpoint.encode(state)
            #expect(throws: CheckpointDefect.self) { try Checkpoint.decode(data) }
        }
    }
}
