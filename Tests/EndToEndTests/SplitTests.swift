import Foundation
import Testing

/// `fedmpi split` under mpirun.
@Suite(.serialized, .enabled(if: Program.binary != nil, "set FEDMPI_BINARY to the release binary"))
struct SplitTests {
    private let folder: Folder
    /// A model of one round, made once.
    private static let model: String? = {
        guard let folder = try? Folder() else { return nil }
        kept = folder
        let outcome = try? Program.run(
            ranks: nil,
            [
                "--rounds", "1", "--clients", "2", "--model", "edgecnn-large", "--quiet",
                "--no-report", "--no-history", "--results", folder.path, "--run-name", "teacher",
            ])
        return outcome?.status == 0 ? folder.path + "/teacher" : nil
    }()
    nonisolated(unsafe) private static var kept: Folder?

    init() throws {
        folder = try Folder()
    }

    private func split(ranks: Int, _ arguments: [String]) throws -> Program.Outcome {
        let model = try #require(Self.model)
        return try Program.run(ranks: ranks, ["split", "--model", model, "--json"] + arguments, seconds: 60)
    }

    private func report(_ outcome: Program.Outcome, code: Int32 = 0) throws -> [String: Any] {
        #expect(outcome.status == code, "\(outcome.errors)")
        return try #require(try outcome.events().last)
    }

    @Test func `five ranks predict what the unsplit model does, for each of 10,000 images`() throws {
        let outcome = try split(
            ranks: 5, ["--pictures", "--results", folder.path, "--run-name", "split", "--cut", "auto"])
        let report = try report(outcome)
        #expect(report["images"] as? Int == 10_000 && report["differences"] as? Int == 0)
        #expect(report["accuracy"] as? Double == report["unsplit_accuracy"] as? Double)
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path + "/split").sorted()
        #expect(Set(files).isSuperset(of: ["split.json", "latency.csv", "latency.gp", "cuts.csv", "cuts.gp"]))
    }

    @Test(arguments: ["f16", "int8", "uint8"])
    func `features that are rounded cost bytes, and little accuracy`(features: String) throws {
        let report = try report(try split(ranks: 3, ["--features", features, "--images", "4000"]))
        let own = try #require(report["accuracy"] as? Double)
        #expect(abs(own - (try #require(report["unsplit_accuracy"] as? Double))) < 0.01)
        let bytes = try #require((report["bytes"] as? [String: Any])?["features"] as? Int)
        #expect(bytes == ["f16": 256, "int8": 132, "uint8": 136][features])
    }

    /// Runs five ranks on 8,000 images that come in two seconds, and signals the process of one of them on the way.
    private func disturb(
        _ signal: String, rank: Int, load: [String] = ["--rate", "4000", "--images", "8000"], _ arguments: [String] = []
    ) throws -> Program.Outcome {
        let (binary, model) = (try #require(Program.binary), try #require(Self.model))
        let script = """
            "$@" >"$0/out" 2>"$0/err" & job=$!
            until grep -q '"start"' "$0/out"; do sleep 0.02; done
            sleep 0.5
            kill -\(signal) $(pgrep -P "$(pgrep -P $job -f "guardian of rank \(rank),")")
            wait $job; status=$?
            cat "$0/out"; cat "$0/err" >&2
            exit $status
            """
        return try Program.run(
            [
                "--default-signal", "timeout", "-k", "5", "40", "bash", "-c", script, folder.path, "mpirun", "-np", "5",
                binary, "split", "--model", model, "--json", "--bare", "--failure-timeout", "1",
            ] + load + arguments)
    }

    @Test func `a device that is killed costs its own images`() throws {
        let outcome = try disturb("KILL", rank: 3)
        let report = try report(outcome, code: 3)
        #expect(outcome.errors.contains("fedmpi: 2,000 of 8,000 images have no prediction, because devices are lost"))
        #expect(report["lost"] as? [Int] == [3])
        #expect(report["images"] as? Int == 6_000 && report["images_lost"] as? Int == 2_000)
        #expect(outcome.errors.contains("lost rank 3"))
    }

    @Test func `a device that is killed in the midst of a long message is not waited for`() throws {
        // 32 KB are above what MPI sends before the receiver has answered.
        let outcome = try disturb("KILL", rank: 3, load: ["--batch", "64", "--images", "150000"])
        let report = try report(outcome, code: 3)
        #expect(report["lost"] as? [Int] == [3])
        #expect(try #require(report["images_lost"] as? Int) > 0)
    }

    @Test(arguments: ["KILL", "STOP"])
    func `devices finish alone when the server is killed or stopped`(signal: String) throws {
        let outcome = try disturb(signal, rank: 0)
        let report = try report(outcome)
        #expect(report["lost"] as? [Int] == [0] && report["images"] as? Int == 8_000)
        for rank in 1...4 {
            #expect(outcome.errors.contains("[rank \(rank)] warning: rank 0 is lost"), "\(outcome.errors)")
        }
    }

    @Test func `devices that have only their layers end with an error when the server is killed`() throws {
        let outcome = try disturb("KILL", rank: 0, ["--device-has", "front"])
        #expect(outcome.status == 1)
        #expect(outcome.errors.contains("rank 0 is lost, and with it the layers behind the cut"), "\(outcome.errors)")
    }

    @Test(arguments: [
        (["--cut", "13"], "--cut is 13; edgecnn-large can be cut at 0 to 12"),
        (["--features", "f8"], "unknown feature encoding 'f8'; choose one of: f32, f16, int8, uint8"),
        (["--batch", "0"], "--batch is 0"), (["--dataset", "csv:/nowhere"], "cannot read /nowhere"),
        (["--pictures"], "--pictures needs a folder"), (["--rate=-1"], "--rate is -1.0"),
    ])
    func `what cannot be is one line and exit code 2`(arguments: [String], says: String) throws {
        let outcome = try split(ranks: 2, arguments)
        #expect(outcome.status == 2)
        #expect(outcome.errorLines.filter { $0.hasPrefix("fedmpi: ") }.count == 1, "\(outcome.errors)")
        #expect(outcome.errors.contains(says), "\(outcome.errors)")
    }
}

/// Links of real TCP, shaped by the kernel.
@Suite(
    .serialized, .enabled(if: Program.binary != nil, "set FEDMPI_BINARY to the release binary"),
    .enabled(if: Lab.works, "this machine makes no hosts: `scripts/cluster-lab true` says why"))
struct SplitClusterTests {
    @Test func `on hosts with links of 100 Mbit a second the throughput is what the simulated link predicts`() throws {
        let folder = try Folder()
        let binary = try #require(Program.binary)
        let trained = try Program.run(
            ranks: nil,
            [
                "--rounds", "1", "--clients", "1", "--samples-per-client", "100", "--dataset", "synthetic", "--model",
                "edgecnn-small", "--quiet", "--no-report", "--no-history", "--results", folder.path, "--run-name",
                "model",
            ])
        #expect(trained.status == 0, "\(trained.errors)")
        // Raw images, so that the link is what limits: 3,136 bytes each.
        let job = [
            "split", "--model", folder.path + "/model", "--json", "--bare", "--cut", "0", "--images", "6000",
            "--dataset",
            "synthetic",
        ]
        func throughput(_ outcome: Program.Outcome) throws -> Double {
            #expect(outcome.status == 0, "\(outcome.errors)")
            return try #require(try outcome.events().last?["throughput"] as? Double)
        }
        let real = try throughput(
            Lab.run(options: ["--hosts", "2", "--rate", "100mbit"], ["mpirun", "-np", "2", binary] + job))
        let simulated = try throughput(Program.run(ranks: 2, job + ["--bandwidth-mbps", "100"]))
        #expect(abs(real / simulated - 1) < 0.15, "\(real) and \(simulated) images a second")
        // 100 Mbit/s are 3,986 images a second, without any headers.
        #expect(simulated < 3_990)
    }
}
