import Analysis
public import ArgumentParser
import Devices
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

/// The command `fedmpi split`: split inference of a trained model, with rank 0 as the server and the other ranks
/// as devices.
///
/// The devices classify the test images together. Each runs the layers before the cut and sends the features;
/// rank 0 runs the rest and answers with the classes. The report says how many images a second that makes, where
/// an image's time goes, what crosses the wire, and whether each prediction is that of the unsplit model.
///
/// The command only reads options, checks them on rank 0, and shows the report; `SplitInference` does the work.
///
/// Prints tables, or two lines of JSON with `--json`; with `--run-name` it writes `split.json`, and pictures when
/// asked. Exit codes: 0 every image has a prediction; 1 none has, because every device was lost, or another
/// error; 2 for options, model or data that do not work; 3 some images have no prediction, because devices were
/// lost; 128 + n after signal n, with nothing saved, since there is no state worth continuing.
struct Split: WorldCommand {
    /// The one source of default values: the options below show what `SplitSettings` has.
    private static let defaults = SplitSettings()

    static let configuration = CommandConfiguration(
        commandName: "split",
        abstract: "Infer with a model split between devices and server.",
        discussion: """
            mpirun -np 5 fedmpi split --model results/example     4 devices, the model's cut
            mpirun -np 5 fedmpi split --model results/a --cut auto --bandwidth-mbps 100
            mpirun -np 2 fedmpi split --model results/example --batch 1 --window 1
            mpirun -np 5 fedmpi split --model results/example --rate 5000
            """)

    /// Path of a weights file or of a run's folder; read on rank 0 alone, which sends it to the devices.
    @Option(help: "The trained model: a safetensors file, or a run's folder.")
    var model: String

    /// Where the model is cut. Whether it has a layer of that index is checked when it has been read.
    @Option(
        help: """
            Where the model is cut: the layers before this index run on the devices (0: none, as many as there are: all); \
            auto measures and chooses. (default: the model's own cut)
            """)
    var cut: CutOption = .ofModel

    /// Aim of the automatic cut; without effect on any other.
    @Option(help: "What --cut auto chooses for: throughput, or latency of one batch.")
    var objective = SplitSettings.Objective.throughput

    /// Images in a message, ≥ 1. More images make the layers cheaper and the latency longer.
    @Option(help: "Images of a message.")
    var batch = defaults.batch

    /// Messages that a device may have unanswered, ≥ 1; more hide the time on the way.
    @Option(help: "Messages of a device that may be unanswered at a time; 1: one batch at a time.")
    var window = defaults.window

    /// Most images in one pass of the server, which may join messages of several devices.
    @Option(help: "Images of one pass of the server, at most.")
    var maxBatch = defaults.maxBatch

    /// Time for which the server waits for company for a message, in seconds.
    @Option(help: "How long the server lets a message wait for others to share its pass: 2ms, 500us.")
    var maxWait = Seconds(value: defaults.maxWait)

    /// Memory for messages that have come, in MB of 2²⁰ bytes; back-pressure begins when it is used up.
    @Option(help: "MB that the server keeps for messages that have come; further ones wait at the devices.")
    var serverBufferMb = Double(defaults.serverBytes) / Double(1 << 20)

    /// Name of the codec for what crosses the cut: `f32` is exact, the others trade accuracy for bytes.
    @Option(
        help: """
            How features travel: \(FeatureCodecs.all.map { "\($0.name) (\($0.summary))" }.joined(separator: ", ")); or a \
            pipeline as --compress of train takes it, of encodings that are equally long: int4, 'eden 2', bf16.
            """)
    var features = defaults.features

    /// Images of the whole run; nil takes each test image once. More than there are begin again from the first.
    @Option(help: "Images to classify, by all devices together. (default: each of the test set once)")
    var images: Int?

    /// Images a second over all devices, in an open loop; nil for a closed loop.
    @Option(
        help: """
            Open loop: images that arrive in a second at all devices together, at random (Poisson) times; latency counts \
            from then. (default: closed loop, a device takes the next as soon as its window has room)
            """)
    var rate: Double?

    /// Name or file of a simulated fleet, of which each rank from 1 is a class's device, in turn.
    @Option(
        help: """
            Simulate: devices of a fleet (people, edge, or its file), each rank from 1 of one of its classes, in turn: memory, \
            GFLOP/s and link. A pass that was faster here waits. (default: devices are as fast as their ranks)
            """)
    var fleet: String?

    /// Megabits (10⁶ bits) a second of each device's link, both ways; nil for the real link alone.
    @Option(help: "Simulate: megabits a second of each device's link, up and down. (default: no limit)")
    var bandwidthMbps: Double?

    /// Megabits a second of the link that all devices share at the server; nil for the real link alone.
    @Option(help: "Simulate: megabits a second of the server's link, which all devices share. (default: no limit)")
    var serverBandwidthMbps: Double?

    /// Milliseconds added to each message, each way. Delays pass in real time, so measured latencies include
    /// them.
    @Option(help: "Simulate: milliseconds that each message takes besides, up and down.")
    var latencyMs = defaults.latencyMs

    /// What a device is given: the whole model lets it finish alone when the server is lost, the front saves
    /// memory.
    @Option(
        help: """
            What is on a device: model (it goes on alone when the server is lost) or front (the layers before the cut; then \
            it ends with an error).
            """)
    var deviceHas = defaults.deviceHas

    /// Choice of the data set whose test images are classified.
    @OptionGroup var data: TestDataOptions

    /// Seed of the Poisson arrivals of an open loop.
    @Option(help: "Seed of arrivals.")
    var seed = defaults.seed

    /// Threads of oneDNN in each rank. Ranks of one host share its cores, so more than one is for a rank with
    /// cores to spare.
    @Option(help: "Threads of each rank's arithmetic.")
    var threads = defaults.threads

    /// Seconds of silence after which a rank counts as lost. Too few would lose a rank that is only slow.
    @Option(help: "Seconds after which a rank is lost that is stopped, or silent on another host.")
    var failureTimeout = defaults.failureTimeout

    /// Whether only the run itself is done. The measurements before it take about 0.5 s each, the comparison
    /// after it as long as the unsplit model takes for all images.
    @Flag(help: "Neither measure the stages alone before, nor compare with the unsplit model after the run.")
    var bare = false

    /// The results folder, of the registry of models, too.
    @Option(help: "Folder of all results.")
    var results = "results"

    /// Name of the folder for files; nil writes none.
    @Option(help: "Name of the folder in it for split.json and, with --pictures, the pictures. (default: none is made)")
    var runName: String?

    /// Needs gnuplot.
    @Flag(help: "Draw the latencies by stage, and the predictions of --cut auto, into the folder.")
    var pictures = false

    /// For programs: one object a line, on standard output.
    @Flag(help: "Print lines of JSON: that the run starts, and its report.")
    var json = false

    /// Refuses pictures without a folder, before MPI is initialised.
    func validate() throws {
        if pictures, runName == nil { throw ConfigurationError("--pictures needs a folder: --run-name NAME") }
    }

    /// Runs split inference. Collective.
    ///
    /// - Parameter world: Two ranks at least.
    /// - Returns: Nil: the report needs no other rank's files, so it is shown before MPI is finalised.
    /// - Throws: `ConfigurationError` on every rank alike; `SplitServerLost` on a device that cannot go on;
    ///   `Interruption` when the run is stopped.
    func run(on world: any Communicator) throws -> (() -> Int32)? {
        do {
            try classify(on: world, StopSignals.raiseFlag())
        } catch let interruption as Interruption {
            if world.rank == 0 { Console.error("fedmpi: \(interruption), and nothing is saved: start it again") }
            throw interruption
        }
        return nil
    }

    /// Agrees on the job, runs it, shows the report on the rank that has one, and ends a job that has lost ranks.
    ///
    /// Rank 0 reads settings and model, so a typing error ends all ranks with code 2 before weights are sent. The
    /// folder is made only when the session has accepted the job: a refused job leaves no empty folder behind.
    /// The report may come from another rank than 0, when rank 0 is lost; that rank finds the folder by its name,
    /// since it did not make it.
    ///
    /// - Parameters:
    ///   - world: All ranks.
    ///   - stop: Flag that a signal raises; the session looks at it.
    /// - Throws: See ``run(on:)``.
    private func classify(on world: any Communicator, _ stop: StopFlag) throws {
        var job: (settings: SplitSettings, trained: TrainedModel)?
        var folder: URL?
        let problem = try world.agree {
            guard world.rank == 0 else { return }
            let trained = try TrainedModel(reading: try ModelArgument.path(of: model, results: results))
            job = (try settings(for: trained), trained)
        }
        if let problem { throw problem }
        let outcome = try SplitInference.run(
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

    /// Prints the report and writes its files.
    ///
    /// - Parameters:
    ///   - report: The run's report, on the rank that has it.
    ///   - folder: Folder for `split.json` and pictures; nil writes none.
    /// - Throws: `FileError` when the folder cannot be written to.
    private func tell(_ report: SplitReport, in folder: URL?) throws {
        Console.output(json ? try SplitFolder.line(report) : SplitText(report).text)
        guard let folder else { return }
        try SplitFolder.write(report, to: folder)
        if pictures, let note = try SplitFolder.draw(report, in: folder) { Console.error("fedmpi: \(note)") }
        if !json { Console.output("results   \(folder.relativePath)") }
    }

    /// The session's settings from the options, checked, with the data set that the model's file or the user
    /// names.
    ///
    /// The buffer is limited before it is made a whole number of bytes: a number such as 1e300 would trap in the
    /// conversion.
    ///
    /// - Parameter trained: The model, which decides about default data and whether the images fit.
    /// - Throws: `ConfigurationError` with the first option that is wrong, or data that cannot be opened for the
    ///   model.
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
        settings.devices = try fleet.map { (name) throws(ConfigurationError) in
            try FleetFile.fleet(named: name).classes.map { SplitDevice($0) }
        }
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

/// The values of `--cut`: nothing, a layer's index, or `auto`.
enum CutOption: ExpressibleByArgument, Equatable {
    /// The boundary that the model itself declares; the default.
    case ofModel
    /// Index of the first layer on the server, from 0 (everything on the server) to the number of layers (nothing
    /// on it).
    case layer(Int)
    /// Chosen by measurements and predictions (`CutTable`) for the aim of `--objective`.
    case auto

    /// Reads the option's text.
    ///
    /// - Returns: Nil when it is neither `auto` nor a whole number; ArgumentParser then names option and text.
    ///   Negative numbers are refused later, where the number of layers is known.
    init?(argument: String) {
        if argument == "auto" {
            self = .auto
        } else if let layer = Int(argument) {
            self = .layer(layer)
        } else {
            return nil
        }
    }

    /// Empty, so that `--help` shows no default value: the help text says it in words.
    var defaultValueDescription: String { "" }
}

extension SplitSettings.Objective: ExpressibleByArgument {}
extension SplitSettings.DeviceHas: ExpressibleByArgument {}
