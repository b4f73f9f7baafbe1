import FedCore
import Files
import Foundation

/// The commands of the demonstration, in order, and the folder in which each leaves its files.
///
/// Later steps name the files of earlier ones, so all paths are here, and ``DemoSummary`` finds the files by the
/// same properties. Models become smaller from step to step: the clients train the largest, each smaller one is
/// distilled from the one before, all are quantised, and the devices of a fleet choose among the six variants.
struct DemoStory {
    /// The demonstration's folder; everything is below it.
    let folder: URL
    /// Ranks of the parallel steps. With the default number of clients that is a client for each rank but the
    /// server.
    let ranks: Int
    /// Rounds of each training run.
    let rounds: Int
    /// Seed of partition and training.
    let seed: UInt64

    /// The models that are trained, largest first; each is distilled from the one before.
    static let models = ["edgecnn-large", "edgecnn-medium", "edgecnn-small"]

    /// Titles of the steps whose sections are missing on the page when they fail.
    static let fleetTitle = "A fleet"
    static let splitTitle = "Split inference"

    /// Run of the first model.
    var training: URL { folder.appendingPathComponent(Self.models[0]) }
    /// Results of the distillation. The runs of the students are beside it, not in it.
    var students: URL { folder.appendingPathComponent("students") }
    /// Measurements of the variants on this machine, with a picture.
    var measurements: URL { folder.appendingPathComponent("variants") }
    /// Results of serving the fleet.
    var fleet: URL { folder.appendingPathComponent("fleet") }
    /// Results of split inference.
    var split: URL { folder.appendingPathComponent("split") }
    /// The devices of the fleet, written by ``prepare()``.
    var profiles: URL { folder.appendingPathComponent("profiles.yaml") }

    /// Path of the run in which a model was trained; `fedmpi distill` names those of the students after itself.
    private func trained(_ model: String) -> String {
        model == Self.models[0]
            ? training.relativePath : folder.appendingPathComponent("students-\(model)").relativePath
    }

    /// Path of the weights file with a model's 8-bit variant.
    private func quantised(_ model: String) -> String {
        folder.appendingPathComponent("\(model)-int8.safetensors").relativePath
    }

    /// Paths of all variants: each model as it was trained, then quantised.
    private var variants: [String] { Self.models.flatMap { [trained($0), quantised($0)] } }

    /// All commands, in the order in which they run.
    ///
    /// Reports of the training steps are left out of their runs and asked for once, in a step of its own, so that
    /// the tables appear where the reader is told about them; the students have none.
    var steps: [DemoStep] {
        let clients = ["--clients", "\(ranks - 1)", "--seed", "\(seed)"]
        let results = ["--results", folder.relativePath]
        let length = ["--rounds", "\(rounds)", "--seed", "\(seed)"]
        return [
            DemoStep(
                title: "Partition", reason: "Who holds what: the clients' labels are skewed, and stay where they are.",
                ranks: nil, arguments: ["partition"] + clients, isNeeded: false),
            DemoStep(
                title: "Federated training", reason: "The clients train one model; weights travel, images do not.",
                ranks: ranks,
                arguments: length + results + ["--run-name", Self.models[0], "--no-report"]),
            DemoStep(
                title: "Analysis", reason: "Where the time and the bytes went, from each rank's own log.",
                ranks: nil, arguments: ["report", training.relativePath], isNeeded: false),
            DemoStep(
                title: "Distillation", reason: "Smaller models for smaller devices, each taught by the one before.",
                ranks: ranks,
                arguments: ["distill", "--teacher", training.relativePath]
                    + ["--student", Self.models.dropFirst().joined(separator: ","), "--lr", "0.02"] + length + results
                    + ["--run-name", students.lastPathComponent, "--no-report"]),
        ]
            + Self.models.enumerated().map { index, model in
                DemoStep(
                    title: "Quantisation",
                    reason: "The \(index == 0 ? "same" : "next") model in whole numbers of a byte.",
                    ranks: nil, arguments: ["quantize", "--model", trained(model), "--output", quantised(model)])
            }
            + [
                DemoStep(
                    title: "Variants", reason: "What each costs and what it gives, on this machine.", ranks: nil,
                    arguments: ["variants"] + variants + ["--images", "2000", "--output", measurements.relativePath],
                    isNeeded: false),
                DemoStep(
                    title: Self.fleetTitle, reason: "Each device gets the variant that fits it.", ranks: ranks,
                    arguments: [
                        "serve", "--models", variants.joined(separator: ","), "--profiles", profiles.relativePath,
                    ] + results
                        + ["--run-name", fleet.lastPathComponent], isNeeded: false),
                DemoStep(
                    title: Self.splitTitle, reason: "Or devices run the first layers, and the server the rest.",
                    ranks: ranks,
                    arguments: ["split", "--model", training.relativePath] + results
                        + ["--run-name", split.lastPathComponent, "--pictures"], isNeeded: false),
            ]
    }

    /// Devices of the sizes that an edge fleet has, in round numbers; measurements of no product. Their names and
    /// quantities are those of a file for `--profiles` (``ProfileFile``).
    static let fleetProfiles = """
        - {name: edge-server, cores: 8, ram-mb: 16000, clock-mhz: 2500, gflops: 400, idle-watts: 20, busy-watts: 65}
        - {name: gateway, cores: 4, ram-mb: 4000, clock-mhz: 1800, gflops: 48, idle-watts: 2.5, busy-watts: 6}
        - {name: phone, cores: 4, ram-mb: 1000, clock-mhz: 1500, gflops: 12, idle-watts: 0.5, busy-watts: 2.5}
        - {name: camera, cores: 1, ram-mb: 512, clock-mhz: 1000, gflops: 2, idle-watts: 0.8, busy-watts: 1.8}
        - {name: sensor, cores: 1, ram-mb: 256, clock-mhz: 600, gflops: 0.25, idle-watts: 0.1, busy-watts: 0.5}

        """

    /// Makes the folder, and writes the devices into it. A folder that exists is refused: steps would fail
    /// halfway at files of an earlier demonstration.
    ///
    /// - Throws: `ConfigurationError` when it exists or cannot be made.
    func prepare() throws(ConfigurationError) {
        guard !FileManager.default.fileExists(atPath: folder.path) else {
            throw ConfigurationError("the folder '\(folder.path)' exists; choose another --run-name")
        }
        do {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            try profiles.replaceContents(with: Self.fleetProfiles)
        } catch {
            throw ConfigurationError("cannot make the folder '\(folder.path)': \(error.reasonLine)")
        }
    }
}
