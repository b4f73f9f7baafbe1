import FedCore
import Files
import Foundation

/// The commands of the demonstration, in order, and where each leaves what it finds.
struct DemoStory {
    let folder: URL
    let ranks: Int
    let rounds: Int
    let seed: UInt64

    /// The models that clients train, largest first; the others are distilled from the one before.
    static let models = ["edgecnn-large", "edgecnn-medium", "edgecnn-small"]

    var training: URL { folder.appendingPathComponent(Self.models[0]) }
    var students: URL { folder.appendingPathComponent("students") }
    var measurements: URL { folder.appendingPathComponent("variants") }
    var fleet: URL { folder.appendingPathComponent("fleet") }
    var split: URL { folder.appendingPathComponent("split") }
    var profiles: URL { folder.appendingPathComponent("profiles.yaml") }

    /// A model as it was trained: its run's folder.
    private func trained(_ model: String) -> String {
        model == Self.models[0]
            ? training.relativePath : folder.appendingPathComponent("students-\(model)").relativePath
    }

    private func quantised(_ model: String) -> String {
        folder.appendingPathComponent("\(model)-int8.safetensors").relativePath
    }

    private var variants: [String] { Self.models.flatMap { [trained($0), quantised($0)] } }

    var steps: [DemoStep] {
        let clients = ["--clients", "\(ranks - 1)", "--seed", "\(seed)"]
        let results = ["--results", folder.relativePath]
        let length = ["--rounds", "\(rounds)", "--seed", "\(seed)"]
        return [
            DemoStep(
                title: "Partition", reason: "Who holds what: the clients' labels are skewed, and stay where they are.",
                ranks: nil, arguments: ["partition"] + clients),
            DemoStep(
                title: "Federated training", reason: "The clients train one model; weights travel, images do not.",
                ranks: ranks,
                arguments: length + results + ["--run-name", Self.models[0], "--no-report"]),
            DemoStep(
                title: "Analysis", reason: "Where the time and the bytes went, from each rank's own log.",
                ranks: nil, arguments: ["report", training.relativePath]),
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
                    arguments: ["variants"] + variants + ["--images", "2000", "--output", measurements.relativePath]),
                DemoStep(
                    title: "A fleet", reason: "Each device gets the variant that fits it.", ranks: ranks,
                    arguments: [
                        "serve", "--models", variants.joined(separator: ","), "--profiles", profiles.relativePath,
                    ] + results
                        + ["--run-name", fleet.lastPathComponent]),
                DemoStep(
                    title: "Split inference", reason: "Or devices run the first layers, and the server the rest.",
                    ranks: ranks,
                    arguments: ["split", "--model", training.relativePath] + results
                        + ["--run-name", split.lastPathComponent, "--pictures"]),
            ]
    }

    /// Devices of the sizes that an edge fleet has, in round numbers; measurements of no product.
    static let fleetProfiles = """
        - {name: edge-server, cores: 8, ram-mb: 16000, clock-mhz: 2500, gflops: 400, idle-watts: 20, busy-watts: 65}
        - {name: gateway, cores: 4, ram-mb: 4000, clock-mhz: 1800, gflops: 48, idle-watts: 2.5, busy-watts: 6}
        - {name: phone, cores: 4, ram-mb: 1000, clock-mhz: 1500, gflops: 12, idle-watts: 0.5, busy-watts: 2.5}
        - {name: camera, cores: 1, ram-mb: 512, clock-mhz: 1000, gflops: 2, idle-watts: 0.8, busy-watts: 1.8}
        - {name: sensor, cores: 1, ram-mb: 256, clock-mhz: 600, gflops: 0.25, idle-watts: 0.1, busy-watts: 0.5}

        """

    /// Makes the folder, and writes the devices into it.
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
