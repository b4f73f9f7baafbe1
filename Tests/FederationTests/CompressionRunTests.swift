import Codecs
import FedCore
import Records
import TestSupport
import Testing

@testable import Federation

/// Whole runs whose updates are encoded.
@Suite(.tags(.wholeRun), .unlessQuick) struct CompressionRunTests {
    static let names = UpdateCodecs.standard.descriptions.map(\.name)

    static func settings(_ codec: String?, _ change: (inout RunSettings) -> Void = { _ in }) -> RunSettings {
        SessionTests.settings {
            $0.clients = 7
            $0.compress = codec
            change(&$0)
        }
    }

    @Test(arguments: names) func `The weights and the bytes are those of one process, at any number of ranks`(
        codec: String
    ) throws {
        let alone = try SessionTests.run(Self.settings(codec), ranks: 1)
        for ranks in [2, 3, 6] {
            let run = try SessionTests.run(Self.settings(codec), ranks: ranks)
            #expect(run.digest == alone.digest, "\(ranks) ranks")
            #expect(run.records.map(\.uploadBytes) == alone.records.map(\.uploadBytes), "\(ranks) ranks")
        }
    }

    @Test(arguments: ["fedavg", "scaffold", "fednova", "ditto"]) func `A lossless codec changes no bit of a run`(
        strategy: String
    ) throws {
        let change = { (settings: inout RunSettings) in
            settings.strategy = strategy
            settings.clientTest = 0.2
        }
        let plain = try SessionTests.run(Self.settings(nil, change), ranks: 3)
        let deflated = try SessionTests.run(Self.settings("deflate", change), ranks: 3)
        #expect(deflated.digest == plain.digest)
        #expect(deflated.records.map(\.participants) == plain.records.map(\.participants))
        #expect(zip(deflated.records, plain.records).allSatisfy { $0.uploadBytes < $1.uploadBytes })
    }

    @Test func `An asynchronous run has the bits of a plain one, too`() throws {
        let change = { (settings: inout RunSettings) in
            settings.strategy = "fedbuff"
            settings.clientFraction = 0.5
        }
        let plain = try SessionTests.run(Self.settings(nil, change), ranks: 3)
        for ranks in [1, 3] {
            let run = try SessionTests.run(Self.settings("deflate", change), ranks: ranks)
            #expect(run.digest == plain.digest, "\(ranks) ranks")
        }
    }

    @Test func `Half precision takes half the bytes behind the envelope`() throws {
        let run = try SessionTests.run(Self.settings("f16"), ranks: 3)
        // 7,850 parameters of 2 bytes are 15,700, and in whole 64 bytes 15,744.
        #expect(run.records.allSatisfy { $0.uploadBytes == 7 * (64 + 15_744) })
    }

    @Test(arguments: names) func `A damaged update is left out, and the round goes on`(codec: String) throws {
        let run = try SessionTests.run(
            Self.settings(codec) {
                $0.inject = ["corrupt:rank=2@round=2"]
                $0.minClients = 0
            }, ranks: 3)
        #expect(run.records.map(\.rejected) == [0, 1, 0])
    }

    @Test(arguments: names) func `A NaN made on purpose leaves out its client only`(codec: String) throws {
        let run = try SessionTests.run(Self.settings(codec) { $0.inject = ["nan:rank=2@round=2"] }, ranks: 3)
        #expect(run.records.map(\.rejected) == [0, 1, 0])
    }

    @Test func `A wire of sums is refused`() throws {
        let settings = Self.settings("f16") { $0.wire = "reduce" }
        let error = #expect(throws: ConfigurationError.self) { try Job(settings) }
        #expect(error?.description.contains("--wire gatherv") == true)
    }
}
