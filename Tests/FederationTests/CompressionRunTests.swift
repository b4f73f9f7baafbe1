import Codecs
import FedCore
import Records
import TestSupport
import Testing

@testable import Federation

/// Whole runs whose updates are encoded.
@Suite(.tags(.wholeRun), .unlessQuick) struct CompressionRunTests {
    /// Codecs of each kind, with error feedback and without, with shared places and with each client's own randomness.
    static let names = [
        "f16", "deflate", "topk 1% | int8 | rans", "sign | rans", "eden 2", "qsgd 4 | deflate", "randk 5% | bf16",
        "topk 2% by=tensor | ternary", "prune 30% | kmeans 8", "powersgd 2 | int8", "sketch 10% | bf16",
        "deadzone 5% | cabac",
    ]

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

    /// 7,850 parameters: of 1 % (79) each has a place and a byte, two tensors have 5 bytes of scale at most, the update one.
    @Test func `A round's record says what its bytes were spent on`() throws {
        let settings = Self.settings("topk 1% | int8")
        let run = try SessionTests.run(settings, ranks: 3)
        #expect(try SessionTests.run(settings, ranks: 1).records.map(\.metrics) == run.records.map(\.metrics))
        for record in run.records {
            #expect(record[.codedSymbols] == 553.0)
            let scales = try #require(record[.codedScales])
            #expect((7 * 6.0...7 * 11.0).contains(scales))
            let entropy = try #require(record[.codedEntropy])
            #expect(entropy > 0 && entropy <= 7 * 79)
            let places = try #require(record[.codedPlaces])
            let encoded = places + scales + 7 * 79
            // Each answer has an envelope of 64 bytes and ends at a multiple of 64.
            #expect(Double(record.uploadBytes) >= encoded + 7 * 64 && Double(record.uploadBytes) < encoded + 7 * 128)
        }
        #expect(try SessionTests.run(Self.settings(nil), ranks: 1).records[0][.codedSymbols] == nil)
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

    @Test(arguments: ["topk 1% | int8 | rans", "sign", "eden 1"], [0, 0.5])
    func `Residuals, sums and random numbers go through a resume`(
        codec: String, momentum: Double
    ) throws {
        let settings = Self.settings(codec) {
            $0.clientFraction = 0.7
            $0.errorFeedback = .on
            $0.errorFeedbackMomentum = momentum
            $0.errorFeedbackKeep = 1 - momentum / 2
            // A state of several residuals, and with a momentum as many sums.
            $0.strategy = codec == "sign" ? "scaffold" : "fedavg"
        }
        try StrategyRunTests.withFolder { folder in
            let whole = try StrategyRunTests.run(settings, ranks: 3, folder: folder)
            #expect(try StrategyRunTests.run(settings, ranks: 1).digest == whole.digest)
            for state in whole.states.dropLast().reversed() {
                let rest = try StrategyRunTests.run(state.settings, ranks: 2, from: state, folder: folder)
                #expect(rest.digest == whole.digest, "after round \(state.round)")
            }
        }
    }

    @Test func `Error feedback changes a run, and only of a codec that takes something away`() throws {
        let fed = try SessionTests.run(Self.settings("topk 1%"), ranks: 2)
        let plain = try SessionTests.run(Self.settings("topk 1%") { $0.errorFeedback = .off }, ranks: 2)
        #expect(fed.digest != plain.digest)
        // The same bytes: a residual is a state of the client, which a real device keeps.
        #expect(fed.records.map(\.uploadBytes)[0] == plain.records.map(\.uploadBytes)[0])
        let scaffold = try SessionTests.run(Self.settings("topk 1%") { $0.strategy = "scaffold" }, ranks: 3)
        #expect(
            try SessionTests.run(Self.settings("topk 1%") { $0.strategy = "scaffold" }, ranks: 1).digest
                == scaffold.digest)
    }

    /// Each client's bytes add up to the round's; of clients that were asked in the round before, the way down is shorter.
    @Test(arguments: [1, 3]) func `A round says what each client sent and received`(ranks: Int) throws {
        let run = try SessionTests.run(
            Self.settings("topk 1% | int8 | rans") {
                $0.clientFraction = 0.6
                $0.compressDown = "int8"
            }, ranks: ranks)
        for record in run.records {
            let bytes = try #require(record.clientBytes)
            #expect(bytes.clients.count == record.cohort && bytes.clients == bytes.clients.sorted())
            #expect(bytes.upload.reduce(0, +) == record.uploadBytes)
            #expect(bytes.download.reduce(0, +) == record.downloadBytes)
            let before = run.records.first { $0.round == record.round - 1 }?.clientBytes?.clients ?? []
            let whole = bytes.download.max() ?? 0
            for (client, download) in zip(bytes.clients, bytes.download) {
                #expect((download < whole) == before.contains(client), "client \(client) in round \(record.round)")
            }
        }
        #expect(try SessionTests.run(Self.settings("int8"), ranks: ranks).records.allSatisfy { $0.clientBytes == nil })
        #expect(try SessionTests.run(Self.settings(nil), ranks: ranks).records.allSatisfy { $0.clientBytes == nil })
    }

    @Test(arguments: ["fedbuff", "fedasync", "qfedavg", "ditto", "fednova"]) func `Every strategy takes every kind`(
        strategy: String
    ) throws {
        let settings = Self.settings("topk 5% | int8 | rans") {
            $0.strategy = strategy
            $0.clientTest = strategy == "ditto" ? 0.2 : 0
            $0.clientFraction = 0.6
        }
        let alone = try SessionTests.run(settings, ranks: 1)
        #expect(try SessionTests.run(settings, ranks: 3).digest == alone.digest && alone.digest != nil)
    }

    @Test(arguments: ["scaffold", "mimelite"]) func `What a strategy sends beside the update is encoded, too`(
        strategy: String
    ) throws {
        func bytes(_ codec: String?) throws -> [Int] {
            try SessionTests.run(Self.settings(codec) { $0.strategy = strategy }, ranks: 2).records.map(\.uploadBytes)
        }
        let (plain, fixed, varying) = (try bytes(nil), try bytes("int8"), try bytes("topk 1%"))
        // Two vectors of as many numbers: a quarter, and envelopes and scales; a fiftieth and places.
        for round in plain.indices {
            #expect(Double(fixed[round]) / Double(plain[round]) < 0.26)
            #expect(Double(varying[round]) / Double(plain[round]) < 0.03)
        }
    }

    @Test(arguments: ["fedavg", "fednova", "mimelite"]) func `Places that all clients share shorten sums as well`(
        strategy: String
    ) throws {
        let change = { (settings: inout RunSettings) in
            settings.strategy = strategy
            settings.clientFraction = 0.8
        }
        for codec in ["randk 5%", "randk 5% | qsgd bits=4 | rans", "randk 5% warmup=1"] {
            let alone = try SessionTests.run(Self.settings(codec, change), ranks: 1)
            for ranks in [2, 4] {
                let run = try SessionTests.run(
                    Self.settings(codec) {
                        change(&$0)
                        $0.wire = "reduce"
                    }, ranks: ranks)
                #expect(run.digest == alone.digest && run.digest != nil, "\(codec), \(ranks) ranks")
            }
        }
    }

    @Test func `A sum at shared places is as short as these`() throws {
        func bytes(_ codec: String?) throws -> Int {
            try SessionTests.run(Self.settings(codec) { $0.wire = "reduce" }, ranks: 3).records[0].uploadBytes
        }
        // Two workers' sums of the logistic model's 7,850 numbers, or 1 % of them, with weight and checksum; 7
        // envelopes.
        #expect(try bytes(nil) == 2 * 8 * (7850 + 2) + 7 * 64)
        #expect(try bytes("randk 1%") == 2 * 8 * (79 + 2) + 7 * 64)
    }

    @Test(arguments: ["topk 1%", "int8", "eden 1", "sketch 1%", "powersgd 2"])
    func `Other codecs are refused with sums`(
        codec: String
    ) throws {
        let error = #expect(throws: ConfigurationError.self) { try Job(Self.settings(codec) { $0.wire = "reduce" }) }
        #expect(error?.description.contains("randk") == true && error?.description.contains("gatherv") == true)
        let scaled = #expect(throws: ConfigurationError.self) {
            try Job(
                Self.settings("randk 1%") {
                    $0.wire = "reduce"
                    $0.strategy = "qfedavg"
                })
        }
        #expect(scaled?.description.contains("levels") == true)
    }

    @Test func `A vector's bytes are those that its length says`() throws {
        let compression = UpdateCompression(
            try UpdateCodecs.standard.codec("topk 50% | rans"), encoded: [0..<2, 3..<5], vectors: 2, distance: 5)
        #expect(compression.encoded == [0..<2, 3..<5, 5..<7, 8..<10])
        let numbers: [Float] = [1, 8, 0.5, -9, 2, 70, 3, 0.25, 60, 4, 5]
        var bytes = [UInt8](repeating: 0, count: compression.plainBytes(of: 11) + compression.capacity + 1)
        var span = bytes.mutableSpan
        let context = compression.context(0, RoundID(1))
        let count = compression.write(numbers.span, into: &span, context)
        func read(_ bytes: Span<UInt8>) throws -> [Float] {
            var numbers = [Float](repeating: .nan, count: 11)
            var span = numbers.mutableSpan
            try compression.read(bytes, into: &span, context)
            return numbers
        }
        // The larger half of each vector, and what is not encoded.
        #expect(try read(span.span.extracting(..<count)) == [0, 8, 0.5, -9, 0, 70, 0, 0.25, 60, 0, 5])
        for end in 0..<count {
            #expect(throws: CodecError.self) { try read(span.span.extracting(..<end)) }
        }
        #expect(throws: CodecError.self) { try read(span.span.extracting(..<(count + 1))) }
    }

    @Test func `A rule that trains at the server says which setting keeps it from doing so`() throws {
        let settings = Self.settings("topk 5%") {
            $0.aggregation = "fltrust"
            $0.aggregationOptions = ["root": "10"]
        }
        let error = #expect(throws: ConfigurationError.self) { try Job(settings) }
        #expect(error?.description.contains("--error-feedback false") == true)
        var plain = settings
        plain.errorFeedback = .off
        #expect(try Job(plain).stages.isEmpty)
    }

    /// One client; 100 kbit/s are 12,500 bytes a second, and nothing else takes time.
    @Test func `Virtual time counts the bytes that cross`() throws {
        let settings = Self.settings("topk 2% | int8 | rans") {
            $0.clients = 1
            $0.bandwidthMbps = 0.1
        }
        let longest = try Job(settings).uploadBytes
        for ranks in [1, 2] {
            let run = try SessionTests.run(settings, ranks: ranks)
            for record in run.records {
                let seconds = Double(record.uploadBytes + record.downloadBytes) / 12_500
                #expect(abs((record.simulatedSeconds ?? 0) - seconds) < 1e-9)
            }
            // Not those of the longest encoding.
            #expect(run.records.allSatisfy { $0.uploadBytes < longest })
        }
    }
}
