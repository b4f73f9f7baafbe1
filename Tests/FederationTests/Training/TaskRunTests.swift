import Datasets
import FedCore
import MPI
import MPITesting
import NeuralNet
import TestSupport
import Testing

@testable import Federation
@testable import Records

/// Whole runs on data whose answers are not one class of many.
@Suite(.tags(.wholeRun), .unlessQuick) struct TaskRunTests {
    private static func settings(_ dataset: String, _ change: (inout RunSettings) -> Void = { _ in }) -> RunSettings {
        SessionTests.settings {
            $0.dataset = dataset
            $0.model = "linear"
            $0.lr = 1
            $0.rounds = 20
            $0.momentum = 0
            $0.evalEvery = 1
            change(&$0)
        }
    }

    private static func run(
        _ settings: RunSettings, ranks: Int
    ) throws -> (records: [RoundRecord], digest: String?) {
        let results = try ThreadRanks.run(ranks) { communicator in
            let recorder = SessionTests.Recorder()
            var plugins = Plugins.standard
            try plugins.datasets.add(LinearData.self)
            try Session.run(communicator.rank == 0 ? settings : nil, plugins: plugins, on: communicator) { _ in
                [recorder]
            }
            return (recorder.records, recorder.digest)
        }
        return results[0]
    }

    @Test(arguments: ["linear:values", "linear:labels", "linear:classes"])
    func `A run learns, to the same bits at any number of ranks`(dataset: String) throws {
        let settings = Self.settings(dataset) { $0.loss = dataset.hasSuffix("classes") ? "binary" : nil }
        let alone = try Self.run(settings, ranks: 1)
        let last = try #require(alone.records.last)
        if dataset.hasSuffix("values") {
            // The targets are the model's own function, without noise.
            #expect(last.accuracy == nil && last[.r2] ?? 0 > 0.99)
            let (rmse, loss) = (try #require(last[.rmse]), try #require(last.serverLoss))
            #expect(abs(rmse * rmse - loss) < 1e-6)
        } else {
            #expect(last.accuracy ?? 0 > 0.8 && last[.auc] ?? 0 > 0.9 && last[.f1] ?? 0 > 0.8)
        }
        for ranks in [2, 4] {
            let run = try Self.run(settings, ranks: ranks)
            #expect(run.digest == alone.digest)
            #expect(run.records.map(\.metrics) == alone.records.map(\.metrics))
        }
    }

    @Test func `Clients test a model of labels by right and wrong`() throws {
        let run = try Self.run(Self.settings("linear:labels") { $0.clientTest = 0.2 }, ranks: 3)
        #expect(run.records.last?.clients?.global?.mean ?? 0 > 0.6)
        #expect(run.records.last?.clients?.classAccuracies.isEmpty ?? false)
    }

    @Test func `Without better answers a regression ends early, too`() throws {
        let settings = Self.settings("linear:values") {
            ($0.rounds, $0.patience, $0.lr) = (60, 2, 0.5)
        }
        #expect(try Self.run(settings, ranks: 2).records.count < 60)
    }

    @Test func `Normalised inputs train to the same bits by the numbers that a model's file has`()
        throws
    {
        let measured = Self.settings("linear:values") { ($0.normalize, $0.rounds) = ("channels", 2) }
        let alone = try Self.run(measured, ranks: 1).digest
        #expect(try Self.run(measured, ranks: 3).digest == alone)
        let job = try Self.job(measured)
        let origin = try DataOrigin(metadata: DataOrigin(job.settings, job.data).metadata)
        let numbers = try #require(origin.normalization)
        #expect(origin.task == .values(2) && numbers == job.data.train.normalization)
        let given = Self.settings("linear:values") { ($0.normalize, $0.rounds) = ("\(numbers)", 2) }
        #expect(try Self.run(given, ranks: 1).digest == alone)
        let plain = Self.settings("linear:values") { $0.rounds = 2 }
        #expect(try Self.run(plain, ranks: 1).digest != alone)
    }

    @Test func `Other targets are other data`() throws {
        let settings = Self.settings("linear:values")
        let other = try Self.job(Self.settings("linear:doubled"))
        let job = try Self.job(settings)
        #expect(job.data.train.summarized().sha256 == (try Self.job(settings)).data.train.summarized().sha256)
        #expect(job.data.train.summarized().sha256 != other.data.train.summarized().sha256)
    }

    @Test(arguments: [
        ("linear:values", "binary", "--loss binary is not for 2 numbers; mse is"),
        ("linear:labels", "cross-entropy", "--loss cross-entropy is not for 2 labels of 0 or 1; multi-label is"),
        ("synthetic", "binary", "--loss binary is not for 10 classes; cross-entropy is"),
    ])
    func `A loss that is not for the data names the one that is`(dataset: String, loss: String, line: String) throws {
        let error = #expect(throws: ConfigurationError.self) { try Self.job(Self.settings(dataset) { $0.loss = loss }) }
        #expect(error?.description == "data set '\(dataset)': \(line)")
    }

    @Test func `What needs classes, or right answers, is refused`() throws {
        let refusals: [(String, (inout RunSettings) -> Void)] = [
            ("--target-accuracy", { $0.targetAccuracy = 0.5 }), ("--client-test", { $0.clientTest = 0.2 }),
            ("--teacher", { $0.teacher = "teacher.safetensors" }),
            ("--attack label-flip", { ($0.attack, $0.attackers) = ("label-flip", 1) }),
        ]
        for (name, change) in refusals {
            let error = #expect(throws: ConfigurationError.self) {
                try Self.job(Self.settings("linear:values", change))
            }
            #expect(error?.description.hasPrefix("\(name) is not for") ?? false, "\(error?.description ?? "")")
        }
    }

    private static func job(_ settings: RunSettings) throws -> Job {
        var plugins = Plugins.standard
        try plugins.datasets.add(LinearData.self)
        return try Job(settings, plugins: plugins)
    }
}

/// Rows of four numbers, and two linear functions of them: as numbers, as the two labels of being positive, or, the
/// first alone, as two classes.
private struct LinearData: DatasetSource {
    static let name = "linear"
    static let usage = ":KIND"
    static let summary = "linear functions"
    let kind: String

    init(_ argument: String?, options: inout OptionReader) throws(ConfigurationError) { kind = argument ?? "" }

    func open(_ options: DatasetOptions) throws -> DatasetPair {
        DatasetPair(
            train: Rows(kind: kind, split: 0, count: options.clients * options.samplesPerClient),
            test: Rows(kind: kind, split: 1, count: 100))
    }

    struct Rows: Dataset {
        let kind: String
        let split: Int
        let count: Int
        var name: String { "linear:\(kind)" }
        let shape = ImageShape(channels: 1, height: 1, width: 4)
        let classes = 2
        var task: LearningTask {
            ["values", "doubled"].contains(kind) ? .values(2) : kind == "labels" ? .labels(2) : .classes(2)
        }

        private func row(_ sample: Int) -> [Float] {
            var random = RandomStream(seed: 7, .synthesis, round: split, client: sample)
            return (0..<4).map { _ in Float(random.nextWord() >> 16) / 32_768 - 1 }
        }
        private func functions(_ row: [Float]) -> [Float] {
            [row[0] - 2 * row[1] + 0.5 * row[3], row[2] + row[3] - row[0] + 0.25]
        }
        func label(_ sample: Int) -> Int { functions(row(sample))[0] > 0 ? 1 : 0 }
        func read(_ samples: Span<UInt32>, into images: inout MutableSpan<Float>, labels: inout MutableSpan<Int32>) {
            for i in samples.indices {
                labels[i] = Int32(label(Int(samples[i])))
                for (j, value) in row(Int(samples[i])).enumerated() { images[4 * i + j] = value }
            }
        }
        func readTargets(_ samples: Span<UInt32>, into targets: inout MutableSpan<Float>) {
            for i in samples.indices {
                for (j, value) in functions(row(Int(samples[i]))).enumerated() {
                    targets[2 * i + j] = kind == "values" ? value : kind == "doubled" ? 2 * value : value > 0 ? 1 : 0
                }
            }
        }
    }
}
