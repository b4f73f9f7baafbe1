import Foundation
import Synchronization
import Testing

/// Three models that have learnt the more the larger they are, trained once.
private enum Trained {
    private static let folder = Mutex<Folder?>(nil)

    private static func train() throws -> Folder {
        let folder = try Folder()
        for (size, steps) in [("large", 150), ("medium", 60), ("small", 20)] {
            let outcome = try Program.run(
                ranks: nil,
                [
                    "--model", "edgecnn-\(size)", "--rounds", "1", "--clients", "1", "--local-steps", "\(steps)",
                    "--results", folder.path, "--run-name", size, "--quiet", "--no-report", "--no-history", "--timing",
                    "off",
                ])
            #expect(outcome.status == 0, "\(outcome.errors)")
        }
        return folder
    }

    static func models() throws -> String {
        let path = try folder.withLock { folder in
            let trained = try folder ?? train()
            folder = trained
            return trained.path
        }
        return ["large", "medium", "small"].map { "\(path)/\($0)" }.joined(separator: ",")
    }
}

@Suite(.serialized, .enabled(if: Program.binary != nil, "set FEDMPI_BINARY to the release binary"))
struct ServeTests {
    private static var profiles: String {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../examples/profiles.yaml").standardizedFileURL.path
    }

    /// The object that `--json` prints.
    private func serve(
        ranks: Int?, _ arguments: [String], in folder: Folder, code: Int32 = 0
    ) throws -> [String: Any] {
        let outcome = try Program.run(
            ranks: ranks,
            ["serve", "--models", try Trained.models(), "--results", folder.path, "--json"]
                + arguments, seconds: 60)
        #expect(outcome.status == code, "\(outcome.errors)")
        return try #require(try outcome.events().first)
    }

    private func devices(_ object: [String: Any]) throws -> [[String: Any]] {
        try #require(object["devices"] as? [[String: Any]])
    }

    @Test func `Ranks serve as the devices of a file, each with a model of its tier`() throws {
        let folder = try Folder()
        let object = try serve(
            ranks: 4, ["--profiles", Self.profiles, "--requests", "200", "--run-name", "fleet"], in: folder)
        let devices = try devices(object)
        #expect(
            devices.compactMap { ($0["device"] as? [String: Any])?["name"] as? String }
                == ["edge-server", "gateway", "phone", "camera", "sensor"])
        #expect(devices.compactMap { $0["tier"] as? String } == ["HIGH", "HIGH", "MEDIUM", "LOW", "LOW"])
        let largest = ["HIGH": 10_000_000, "MEDIUM": 500_000, "LOW": 250_000]
        let accuracies = try #require(object["models"] as? [[String: Any]]).compactMap { $0["accuracy"] as? Double }
        #expect(accuracies.count == 3)
        for device in devices {
            let tier = try #require(device["tier"] as? String)
            #expect(try #require(device["stored_bytes"] as? Int) <= largest[tier] ?? 0)
            #expect(device["answered"] as? Int == 200)
            #expect(try #require(device["simulated_joules_per_thousand"] as? Double) > 0)
            #expect(try #require(device["mean_ms"] as? Double) > 0)
        }
        // A core of 0.25 GFLOP/s is simulated on any machine.
        #expect(devices[4]["figures"] as? String == "simulated")
        #expect(FileManager.default.fileExists(atPath: "\(folder.path)/fleet/fleet.json"))
        let table = try String(contentsOfFile: "\(folder.path)/fleet/fleet.csv", encoding: .utf8)
        #expect(table.split(separator: "\n").count == 6)
    }

    @Test func `A device under load steps down to a smaller model, and up again afterwards`() throws {
        let folder = try Folder()
        // The large model answers some 200 a second there.
        let device = try devices(
            try serve(
                ranks: nil,
                [
                    "--gflops", "1", "--cores", "1", "--ignore-tiers", "--rate", "5,3000,5", "--seconds", "20",
                    "--max-latency-ms", "50", "--run-name", "load",
                ], in: folder))[0]
        let ladder = try #require(device["ladder"] as? [String])
        #expect(ladder == ["edgecnn-large f32", "edgecnn-medium f32", "edgecnn-small f32"])
        let switches = try #require(device["switches"] as? [[String: Any]])
        #expect(switches.first?["to"] as? Int == 1)
        let phases = try #require(device["phases"] as? [[String: Any]])
        let answers = phases.compactMap { $0["answers_by_step"] as? [Int] }
        #expect(answers.count == 3)
        #expect(answers[0][0] > 9 * answers[0].dropFirst().reduce(0, +))
        #expect(answers[1][0] < answers[1].dropFirst().reduce(0, +))
        #expect(switches.contains { ($0["to"] as? Int ?? 0) < ($0["from"] as? Int ?? 0) })
        #expect(FileManager.default.fileExists(atPath: "\(folder.path)/load/adaptation-1.csv"))
    }

    @Test func `A share of a core is kept by the kernel, or simulated with the reason`() throws {
        let folder = try Folder()
        let arguments = ["--cpu-share", "0.2", "--requests", "500"]
        let kept = try devices(try serve(ranks: nil, arguments + ["--run-name", "kept"], in: folder))[0]
        let limits = try #require(kept["limits"] as? [String]).joined(separator: "; ")
        switch kept["figures"] as? String {
        case "enforced": #expect(limits.contains("kept by the kernel"))
        default: #expect(limits.contains("simulated: "))
        }
        let free = try devices(
            try serve(ranks: nil, arguments + ["--no-limits", "--run-name", "free"], in: folder))[0]
        #expect(free["figures"] as? String == "simulated")
        #expect(free["slowdown"] as? Double == 5)
    }

    @Test func `A device whose memory is too small costs only itself`() throws {
        let folder = try Folder()
        let profiles = try folder.write("- {name: tiny, ram-mb: 34}\n- {name: enough, ram-mb: 1000}\n", to: "two.yaml")
        let devices = try devices(
            try serve(ranks: 3, ["--profiles", profiles, "--requests", "50", "--run-name", "two"], in: folder))
        let failure = try #require(devices[0]["failure"] as? String)
        #expect(failure.contains("MB"), "\(failure)")
        #expect(devices[1]["failure"] == nil)
        #expect(devices[1]["answered"] as? Int == 50)
    }

    @Test func `A class of a simulated fleet takes what its memory for models holds, whatever the program takes`()
        throws
    {
        let folder = try Folder()
        // edgecnn-small needs 204 KB of weights and its tensors; the program some 30 MB.
        let file = try folder.write(
            "classes:\n  little: {memory-kb: 300, gflops: 1}\n  large: {memory-kb: 4096, gflops: 1}\n", to: "fleet.yaml"
        )
        let devices = try devices(
            try serve(ranks: nil, ["--profiles", file, "--requests", "50", "--run-name", "classes"], in: folder))
        #expect(devices.compactMap { $0["model"] as? String } == ["edgecnn-small f32", "edgecnn-large f32"])
        #expect(devices.compactMap { $0["has_tier"] as? Bool } == [false, false])
        #expect((devices[0]["reason"] as? String)?.contains("of memory for the model is over 0.307 MB") == true)
        #expect(devices[1]["reason"] as? String == "the most accurate model fits")
    }

    @Test func `A version that came too late to be tried is told of at the end`() throws {
        let folder = try Folder()
        let binary = URL(fileURLWithPath: try #require(Program.binary)).path
        let models = try Trained.models().split(separator: ",").map(String.init)
        let script = """
            set -e
            cd "$1"; mkdir results
            "$2" models register digits "$3" --alias champion >&2
            "$2" models register digits "$4" >&2
            "$2" serve --models digits@champion --follow --follow-interval 3600 --seconds 6 --rate 50 \
                --test-images 100 --run-name late & job=$!
            # The registry is asked once when a device begins, and then no more.
            until pgrep -P $job -f serve-device >/dev/null; do sleep 0.05; done
            sleep 1; "$2" models alias digits@2 champion >&2
            wait $job
            """
        let outcome = try Program.run(["bash", "-c", script, "late", folder.path, binary, models[2], models[1]])
        #expect(outcome.status == 0, "\(outcome.errors)")
        let words = outcome.output.split { $0 == " " || $0 == "\n" }.joined(separator: " ")
        #expect(words.contains("digits@2 was seen and not tried: the load was over before it could be"), "\(words)")
        #expect(outcome.errors.contains("digits@2 was seen and not tried"))
        let file = try String(contentsOfFile: "\(folder.path)/results/late/fleet.json", encoding: .utf8)
        #expect(file.contains(#""decision" : "untried""#))
        #expect(file.contains(/"moved_at" : "20\d\d-\d\d-\d\dT/), "a moment as ISO 8601 has it")
    }

    @Test(arguments: [
        ("KILL", "serve-device", "this machine: its process was killed by signal 9"),
        ("STOP", "serve-device", "this machine: its process was stopped for 1 s, and is ended"),
        ("KILL", "rank 1", "this machine: lost with rank 1: its process has ended"),
    ])
    func `A device or a rank that is killed or stopped costs one device, and the exit code tells`(
        signal: String, target: String, says: String
    ) throws {
        let folder = try Folder()
        let binary = try #require(Program.binary)
        let process = target == "rank 1" ? "$rank" : "$device"
        let script = """
            "$@" >"$0/out" 2>"$0/err" & job=$!
            until rank=$(pgrep -P $(pgrep -P $job -f 'rank 1,')) && device=$(pgrep -P $rank -f serve-device); do
                sleep 0.05
            done 2>/dev/null
            kill -\(signal) \(process)
            wait $job; status=$?
            cat "$0/out"; cat "$0/err" >&2
            for _ in $(seq 50); do kill -0 $device 2>/dev/null || break; sleep 0.1; done  # as an orphan ends
            kill -0 $device 2>/dev/null && echo left
            exit $status
            """
        let outcome = try Program.run(
            [
                "--default-signal", "timeout", "-k", "5", "40", "bash", "-c", script, folder.path, "mpirun", "-np", "3",
                binary, "serve", "--models", try Trained.models(), "--json", "--seconds", "1", "--failure-timeout", "1",
                "--test-images", "500", "--results", folder.path, "--run-name", "fleet",
            ])
        #expect(outcome.status == 3, "\(outcome.errors)")
        let line = "fedmpi: 1 of 2 devices is missing: \(says); the others are in '"
        #expect(outcome.errorLines.contains { $0.hasPrefix(line) }, "\(outcome.errors)")
        let devices = try devices(try #require(try outcome.events().first))
        #expect(devices.count == 2 && devices[1]["failure"] == nil)
        #expect(try #require(devices[1]["answered"] as? Int) > 0)
        #expect(FileManager.default.fileExists(atPath: "\(folder.path)/fleet/fleet.json"))
        #expect(!outcome.outputLines.contains("left"))
    }

    @Test func `Where no model fits any device nothing is left behind`() throws {
        let folder = try Folder()
        let outcome = try Program.run(
            ranks: 3,
            [
                "serve", "--models", try Trained.models(), "--results", folder.path,
                "--max-size-mb", "0.1", "--run-name", "none",
            ], seconds: 30)
        #expect(outcome.status == 2)
        #expect(outcome.output.isEmpty)
        #expect(outcome.errorLines.count == 1, "\(outcome.errors)")
        #expect(outcome.errors.contains("no model fits") && outcome.errors.contains("0.204 MB stored is over 0.1 MB"))
        #expect(!FileManager.default.fileExists(atPath: "\(folder.path)/none"))
    }

    static let bad: [BadInputTests.Case] = [
        .init([], says: "--models"),
        .init(["--models", "/nowhere"], says: "cannot read the model '/nowhere'"),
        .init(["--models", "/proc/version"], says: "/proc/version"),
        .init(["--models", "a,a"], says: "'a' twice"),
        .init(["--models", "a", "--profiles", "/nowhere.yaml"], says: "cannot read the profiles '/nowhere.yaml'"),
        .init(["--models", "a", "--profiles", "x.yaml", "--cores", "2"], says: "--cores and --profiles"),
        .init(["--models", "a", "--cpu-share", "2"], says: "cpu-share", "0.001 to 1"),
        .init(["--models", "a", "--rate", "5,x"], says: "--rate", "50,500,50"),
        .init(["--models", "a", "--max-latency-ms", "0"], says: "--max-latency-ms", "greater than 0"),
        .init(["--models", "a", "--seconds", "-1"], says: "--seconds"),
    ]

    @Test(arguments: bad)
    func `Bad input gets one line from rank 0 and exit code 2`(bad: BadInputTests.Case) throws {
        let outcome = try Program.run(ranks: 3, ["serve"] + bad.arguments, seconds: 30)
        #expect(outcome.status == 2)
        #expect(outcome.output.isEmpty)
        #expect(outcome.errorLines.count == 1, "\(outcome.errors)")
        for text in bad.says { #expect(outcome.errors.contains(text), "\(outcome.errors)") }
    }
}
