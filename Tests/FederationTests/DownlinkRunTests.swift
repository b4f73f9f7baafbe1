import Codecs
import FedCore
import Records
import TestSupport
import Testing

@testable import Federation

/// Whole runs whose weights go down in coded form.
@Suite(.tags(.wholeRun), .unlessQuick) struct DownlinkRunTests {
    /// A codec that keeps every bit, halves, chosen places with lengths that differ, and random numbers.
    static let names = ["deflate", "f16", "topk 5% | int8 | rans", "qsgd 4"]

    static func settings(_ codec: String?, _ change: (inout RunSettings) -> Void = { _ in }) -> RunSettings {
        SessionTests.settings {
            $0.clients = 7
            $0.clientFraction = 0.6
            $0.rounds = 4
            $0.compressDown = codec
            change(&$0)
        }
    }

    @Test(arguments: names) func `Weights and bytes are those of one process, at any number of ranks`(
        codec: String
    ) throws {
        let alone = try SessionTests.run(Self.settings(codec), ranks: 1)
        #expect(alone.digest != nil)
        for ranks in [2, 3, 5] {
            let run = try SessionTests.run(Self.settings(codec), ranks: ranks)
            #expect(run.digest == alone.digest, "\(ranks) ranks")
            #expect(run.records.map(\.downloadBytes) == alone.records.map(\.downloadBytes), "\(ranks) ranks")
        }
    }

    @Test(arguments: ["fedavg", "scaffold", "fednova", "ditto"]) func `A lossless codec changes no bit`(
        strategy: String
    ) throws {
        let change = { (settings: inout RunSettings) in
            settings.strategy = strategy
            settings.clientTest = 0.2
        }
        let plain = try SessionTests.run(Self.settings(nil, change), ranks: 3)
        #expect(try SessionTests.run(Self.settings("deflate", change), ranks: 3).digest == plain.digest)
        // A lossy one does, and with every strategy alike at any number of ranks.
        let lossy = try SessionTests.run(Self.settings("int8", change), ranks: 3)
        #expect(lossy.digest != plain.digest)
        #expect(try SessionTests.run(Self.settings("int8", change), ranks: 1).digest == lossy.digest)
    }

    @Test func `Sums by trees of ranks get the same weights`() throws {
        let change = { (settings: inout RunSettings) in settings.wire = "reduce" }
        let flat = try SessionTests.run(Self.settings("int8 | rans", change), ranks: 3)
        let settings = Self.settings("int8 | rans") {
            change(&$0)
            $0.topology = .tree(2)
        }
        #expect(try SessionTests.run(settings, ranks: 5).digest == flat.digest && flat.digest != nil)
    }

    @Test func `Both ways can be coded`() throws {
        let settings = Self.settings("int8 | rans") { $0.compress = "topk 2% | int8 | rans" }
        let alone = try SessionTests.run(settings, ranks: 1)
        #expect(try SessionTests.run(settings, ranks: 4).digest == alone.digest && alone.digest != nil)
    }

    @Test(arguments: names) func `A resumed run goes on with what the clients have`(codec: String) throws {
        let settings = Self.settings(codec) { $0.clientTest = 0.2 }
        try StrategyRunTests.withFolder { folder in
            let whole = try StrategyRunTests.run(settings, ranks: 3, folder: folder)
            for state in whole.states.dropLast().reversed() {
                let rest = try StrategyRunTests.run(state.settings, ranks: 2, from: state, folder: folder)
                #expect(rest.digest == whole.digest, "after round \(state.round)")
            }
        }
    }

    /// 7,850 weights; a frame without them is 64 bytes and 64 for the cohort.
    @Test func `Who was asked in the round before gets a change of 2 bytes a weight, others get the weights`() throws {
        let all = try SessionTests.run(Self.settings("f16") { $0.clientFraction = 1 }, ranks: 3)
        #expect(
            all.records.map(\.downloadBytes) == [7 * (128 + 31_400)] + [Int](repeating: 7 * (128 + 15_700), count: 3))
        let some = try SessionTests.run(Self.settings("f16"), ranks: 3)
        for record in some.records.dropFirst() {
            // Of 4 clients of 7, one at least was asked before, and one need not have been.
            let saved = 4 * (128 + 31_400) - record.downloadBytes
            #expect(saved % 15_700 == 0 && saved / 15_700 >= 1)
        }
    }

    /// The error of a round is sent with the next: clients that are told little by little come to know the weights.
    @Test func `What a codec takes away goes down later`() throws {
        let format = DownlinkFormat(
            UpdateCompression(try UpdateCodecs.standard.codec("topk 25%"), encoded: [0..<8]), floats: 8, clients: 1)
        let downlink = Downlink(format, frameBytes: 128)
        let start = [Float](repeating: 0, count: 8)
        #expect(downlink.message(start, RoundID(1), to: [0]).weights == start)
        // Of eight numbers two cross at a time, the largest changes first.
        let aim: [Float] = [1, -8, 3, 4, -5, 6, 7, 2]
        #expect(downlink.message(aim, RoundID(2), to: [0]).weights == [0, -8, 0, 0, 0, 0, 7, 0])
        #expect(downlink.message(aim, RoundID(3), to: [0]).weights == [0, -8, 0, 0, -5, 6, 7, 0])
        #expect(downlink.message(aim, RoundID(4), to: [0]).weights == [0, -8, 3, 4, -5, 6, 7, 0])
        #expect(downlink.message(aim, RoundID(5), to: [0]).weights == aim)
    }

    @Test func `Weights that are not finite go down as they are, and those after them whole`() throws {
        let format = DownlinkFormat(
            UpdateCompression(try UpdateCodecs.standard.codec("int8"), encoded: [0..<4]), floats: 4, clients: 1)
        let downlink = Downlink(format, frameBytes: 128)
        for (round, weights) in ([[1, 2, 3, 4], [1, .nan, 3, 4], [1, 2, 3, 5]] as [[Float]]).enumerated() {
            let message = downlink.message(weights, RoundID(round + 1), to: [0])
            #expect(message.form == .whole && message.weights.map(\.bitPattern) == weights.map(\.bitPattern))
        }
        #expect(downlink.message([1, 2, 3, 6], RoundID(4), to: [0]).form == .coded)
    }

    @Test(arguments: [[UInt8](repeating: 1, count: 3), [9, 0, 0, 0, 1, 2, 3, 4], [UInt8](repeating: 255, count: 20)])
    func `A state that is not one is refused`(state: [UInt8]) throws {
        let format = DownlinkFormat(
            UpdateCompression(try UpdateCodecs.standard.codec("int8"), encoded: [0..<4]), floats: 4, clients: 1)
        #expect(throws: ConfigurationError.self) {
            try Downlink(format, frameBytes: 128).restoreServerState(state)
        }
    }

    /// 100 kbit/s are 12,500 bytes a second, and nothing else takes time.
    @Test func `Virtual time counts what each device downloads`() throws {
        let settings = Self.settings("f16") {
            $0.clientFraction = 1
            $0.bandwidthMbps = 0.1
        }
        let seconds = try SessionTests.run(settings, ranks: 1).records.map { ($0.simulatedSeconds ?? 0) * 12_500 }
        let update = 64 + 31_424
        for (bytes, down) in zip(seconds, [31_400, 15_700, 15_700, 15_700]) {
            #expect(abs(bytes - Double(128 + down + update)) < 1e-6)
        }
        #expect(
            try SessionTests.run(settings, ranks: 4).records.map { ($0.simulatedSeconds ?? 0) * 12_500 } == seconds)
    }

    /// A deadline that a device makes if it has the weights of the round before: who is late is the same everywhere.
    @Test func `Devices that were away are late, at any number of ranks and after a resume`() throws {
        let settings = Self.settings("f16") {
            $0.bandwidthMbps = 0.1
            $0.roundDeadline = 2
            $0.minClients = 0
        }
        try StrategyRunTests.withFolder { folder in
            let alone = try StrategyRunTests.run(settings, ranks: 1, folder: folder)
            let late = try SessionTests.run(settings, ranks: 1).records.map(\.late)
            #expect(late.first == 4 && late.contains { $0 < 4 })
            for ranks in [2, 4] {
                let run = try SessionTests.run(settings, ranks: ranks)
                #expect(run.digest == alone.digest && run.records.map(\.late) == late, "\(ranks) ranks")
            }
            for state in alone.states.dropLast() {
                let rest = try StrategyRunTests.run(state.settings, ranks: 3, from: state, folder: folder)
                #expect(rest.digest == alone.digest, "after round \(state.round)")
            }
        }
    }

    @Test func `A server without rounds is refused`() throws {
        let asynchronous = Self.settings("int8") { $0.strategy = "fedbuff" }
        #expect(throws: ConfigurationError.self) { try Job(asynchronous) }
        let unknown = Self.settings("int9")
        let error = #expect(throws: ConfigurationError.self) { try Job(unknown) }
        #expect(error?.description.hasPrefix("--compress-down 'int9': no stage is called 'int9'") == true)
    }
}
