import Analysis
public import ArgumentParser
import Experiments
import FedCore
import Federation
import Foundation
import Inference
import Launching
import MPI
import NeuralNet
import Records
import Runtime

/// `fedmpi split`.
struct Split: WorldCommand {
    private static let defaults = SplitSettings()

    static let configuration = CommandConfiguration(
        abstract: "Split inference: devices run a model's first layers, rank 0 the rest.",
        discussion: """
            mpirun -np 5 fedmpi split --model results/example          4 devices, cut where the model says
            mpirun -np 5 fedmpi split --model results/example --cut auto --bandwidth-mbps 100
            mpirun -np 2 fedmpi split --model results/example --batch 1 --window 1
            mpirun -np 5 fedmpi split --model results/example --rate 5000
            """)

    @Option(help: "The trained model: a safetensors file, or a run's folder.")
    var model: String

    @Option(
        help: """
            Where the model is cut: the layers before this index run on the devices (0: none, as many as there are: all); \
            auto measures and chooses. (default: the model's own cut)
            """)
    var cut: CutOption = .ofModel

    @Option(help: "What --cut auto chooses for: throughput, or latency of one batch.")
    var objective = SplitSettings.Objective.throughput

    @Option(help: "Images of a message.")
    var batch = defaults.batch

    @Option(help: "Messages of a device that may be unanswered at a time; 1: one batch at a time.")
    var window = defaults.window

    @Option(help: "Images of one pass of the server, at most.")
    var maxBatch = defaults.maxBatch

    @Option(help: "How long the server lets a message wait for others to share its pass: 2ms, 500us.")
    var maxWait = Seconds(value: defaults.maxWait)

    @Option(help: "MB that the server keeps for messages that have come; further ones wait at the devices.")
    var serverBufferMb = Double(defaults.serverBytes) / Double(1 << 20)

    @Option(
        help: "How features travel: \(FeatureCodecs.all.map { "\($0.name) (\($0.summary))" }.joined(separator: ", ")).")
    var features = defaults.features

    @Option(help: "Images to classify, by all devices together. (default: each of the test set once)")
    var images: Int?

    @Option(
        help: """
            Open loop: images that arrive in a second at all devices together, at random (Poisson) times; latency counts \
            from then. (default: closed loop, a device takes the next as soon as its window has room)
            """)
    var rate: Double?

    @Option(help: "Simulate: megabits a second of each device's link, up and down. (default: no limit)")
    var bandwidthMbps: Double?

    @Option(help: "Simulate: megabits a second of the server's link, which all devices share. (default: no limit)")
    var serverBandwidthMbps: Double?

    @Option(help: "Simulate: milliseconds that each message takes besides, up and down.")
    var latencyMs = defaults.latencyMs

    @Option(
        help: """
            What is on a device: model (it goes on alone when the server is lost) or front (the layers before the cut; then \
            it ends with an error).
            """)
    var deviceHas = defaults.deviceHas

    @OptionGroup var data: TestDataOptions

    @Option(help: "Seed of arrivals.")
    var seed = defaults.seed

    @Option(help: "Threads of each rank's arithmetic.")
    var threads = defaults.threads

    @Option(help: "Seconds after which a rank is lost that is stopped, or silent on another host.")
    var failureTimeout = defaults.failureTimeout

    @Flag(help: "Neither measure the stages alone before, nor compare with the unsplit model after the run.")
    var bare = false

    @Option(help: "Folder of all results.")
    var results = "results"

    @Option(help: "Name of the folder in it for split.json and, with --pictures, the pictures. (default: none is made)")
    var runName: String?

    @Flag(help: "Draw the latencies by stage, and the predictions of --cut auto, into the folder.")
    var pictures = false

    @Flag(help: "Print lines of JSON: that the run starts, and its report.")
    var json = false

    func validate() throws {
        if pictures, runName == nil { throw ConfigurationError("--pictures needs a folder: --run-name NAME") }
    }

    func run(on world: any Communicator) throws -> (() -> Int32)? {
        do {
            try classify(on: world, StopSignals.raiseFlag())
        } catch let interruption as Interruption {
            if world.rank == 0 { Console.error("fedmpi: \(interruption), and nothing is saved: start it again") }
            throw interruption
        }
        return nil
    }

    private func classify(on world: any Communicator, _ stop: StopFlag) throws {
        var job: (settings: SplitSettings, trained: TrainedModel)?
        var folder: URL?
        let problem = try world.agree {
            guard world.rank == 0 else { return }
            let trained = try TrainedModel(reading: model)
            job = (try settings(for: trained), trained)
        }
        if let problem { throw problem }
        let outcome = try SplitSession.run(
            job?.settings, job?.trained, measures: !bare, on: world, stop: stop,
            accepted: { folder = try runName.map { try SplitFolder.make($0, in: results) } },
            ready: {
                Guardian.noteRoundsBegin()
                if json, world.rank == 0 { Console.output(#"{"event":"start"}"#) }
            },
            released: { Guardian.noteRoundsEnd() }, dismissed: { Guardian.noteRelease() },
            note: { Console.error("[rank \(world.rank)] warning: \($0)") })
        var code: Int32 = 0
        if let report = outcome.report {
            // Where rank 0 is lost, its folder is another's to fill.
            let folder = try folder ?? runName.map { try SplitFolder.find($0, in: results) }
            try tell(report, in: folder)
            if report.perDevice.isEmpty {
                Console.error("fedmpi: every device is lost: no image has a prediction")
                code = 1
            } else if report.imagesLost > 0 {
                let all = Format.grouped(report.images + report.imagesLost)
                Console.error(
                    "fedmpi: \(Format.grouped(report.imagesLost)) of \(all) images have no prediction, because devices are lost"
                )
                code = 3
            }
        }
        if outcome.hasLostRanks { Launch.leaveBehindLostRanks(code: code, endsJob: outcome.endsJob) }
    }

    private func tell(_ report: SplitReport, in folder: URL?) throws {
        Console.output(json ? try SplitFolder.line(report) : SplitText(report).text)
        guard let folder else { return }
        try SplitFolder.write(report, to: folder)
        if pictures, let note = try SplitFolder.draw(report, in: folder) { Console.error("fedmpi: \(note)") }
        if !json { Console.output("results   \(folder.relativePath)") }
    }

    private func settings(for trained: TrainedModel) throws(ConfigurationError) -> SplitSettings {
        var settings = SplitSettings()
        settings.cut =
            switch cut {
            case .ofModel: .ofModel
            case .layer(let layer): .layer(layer)
            case .auto: .automatic(objective)
            }
        settings.batch = batch
        settings.window = window
        settings.maxBatch = maxBatch
        settings.maxWait = maxWait.value
        settings.serverBytes = Int(min(max(0, serverBufferMb), 1e9) * Double(1 << 20))
        settings.features = features
        settings.images = images
        settings.rate = rate
        settings.bandwidthMbps = bandwidthMbps
        settings.serverBandwidthMbps = serverBandwidthMbps
        settings.latencyMs = latencyMs
        settings.deviceHas = deviceHas
        settings.seed = seed
        settings.threads = threads
        settings.failureTimeout = failureTimeout
        try settings.validate()
        let data = try data.open(for: trained.model, trained.metadata)
        settings.dataset = data.choice.dataset
        settings.datasetOptions = data.choice.options
        settings.testImages = data.testImages
        return settings
    }
}

/// `--cut`.
enum CutOption: ExpressibleByArgument, Equatable {
    case ofModel
    case layer(Int)
    case auto

    init?(argument: String) {
        if argument == "auto" {
            self = .auto
        } else if let layer = Int(argument) {
            self = .layer(layer)
        } else {
            return nil
        }
    }

    var defaultValueDescription: String { "" }
}

extension SplitSettings.Objective: ExpressibleByArgument {}
extension SplitSettings.DeviceHas: ExpressibleByArgument {}
