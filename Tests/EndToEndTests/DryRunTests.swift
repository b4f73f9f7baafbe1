import Foundation
import Testing

@Suite(.serialized, .enabled(if: Program.binary != nil, "set FEDMPI_BINARY to the release binary"))
struct DryRunTests {
    /// A folder that cannot be made is seen when it is made.
    static let cases = BadInputTests.cases.filter { !$0.arguments.contains("--results") }

    @Test(arguments: cases)
    func `Bad settings are refused in the words of the run`(bad: BadInputTests.Case) throws {
        let run = try Program.run(ranks: nil, bad.arguments, seconds: 30)
        let dry = try Program.run(ranks: nil, bad.arguments + ["--dry-run"], seconds: 30)
        #expect(dry.status == 2)
        #expect(dry.errors == run.errors)
        #expect(dry.output.isEmpty)
    }

    @Test func `Good settings are said to be sound, and nothing is made`() throws {
        let folder = try Folder()
        let results = folder.path + "/results"
        for command in ["train", "split-train"] {
            let outcome = try Program.run(
                ranks: nil, [command, "--dry-run", "--dataset", "synthetic", "--results", results], seconds: 30)
            #expect(outcome.status == 0)
            #expect(
                outcome.outputLines.count <= 2 && outcome.output.hasPrefix("sound: fedavg") && outcome.errors.isEmpty)
        }
        #expect(!FileManager.default.fileExists(atPath: results))
    }

    @Test func `The settings are an object, with those of a file and as many clients as ranks`() throws {
        let folder = try Folder()
        let file = try folder.write("rounds: 7\ndataset: synthetic\n", to: "run.yaml")
        let outcome = try Program.run(ranks: 4, ["train", "--dry-run", "--config", file, "--json"], seconds: 30)
        let settings = try #require(try outcome.events().first)
        #expect(settings["rounds"] as? Int == 7)
        #expect(settings["clients"] as? Int == 3)
        #expect(settings["model"] as? String == "edgecnn-large")
        #expect(outcome.outputLines.count == 1)
    }

    @Test func `A run to continue is looked at, and one that exists is not begun again`() throws {
        let folder = try Folder()
        let place = ["--results", folder.path]
        let settings = [
            "--rounds", "1", "--model", "logistic", "--dataset", "synthetic", "--run-name", "mine", "--quiet",
        ]
        #expect(try Program.run(ranks: 2, settings + place).status == 0)
        let second = try Program.run(ranks: nil, settings + place)
        let dry = try Program.run(ranks: nil, settings + place + ["--dry-run"])
        #expect(dry.status == 2)
        #expect(dry.errors == second.errors)
        let resume = ["--resume", "mine", "--rounds", "2", "--dry-run"] + place
        #expect(try Program.run(ranks: nil, resume).status == 0)
        let checkpoint = folder.url.appendingPathComponent("mine/checkpoint")
        var bytes = try Data(contentsOf: checkpoint)
        bytes[bytes.count / 2] ^= 1
        try bytes.write(to: checkpoint)
        let damaged = try Program.run(ranks: nil, resume)
        #expect(damaged.status == 2)
        #expect(damaged.errors == (try Program.run(ranks: nil, Array(resume.filter { $0 != "--dry-run" }))).errors)
    }
}
