import ArgumentParser
import FedCore
import Foundation
import Testing

@testable import Records
@testable import fedmpi

@Suite struct ConfigurationFileTests {
    private func file(_ text: String) throws -> String {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).yaml")
        try Data(text.utf8).write(to: url)
        return url.path
    }

    private func train(_ text: String, _ arguments: [String] = []) throws -> Train {
        try #require(FedMPI.parseAsRoot(["--config", file(text)] + arguments) as? Train)
    }

    private func settings(_ text: String, _ arguments: [String] = []) throws -> RunSettings {
        try train(text, arguments).options.settings(ranks: 1)
    }

    /// The one line that says what is wrong.
    private func complaint(_ text: String, _ arguments: [String] = []) throws -> String {
        let error = #expect(throws: (any Error).self) { try train(text, arguments) }
        return Help.line(for: try #require(error), [])
    }

    @Test func `Flags override the file, and the file the defaults, whichever comes first`() throws {
        let path = try file("rounds: 3\nlr: 0.1\n")
        for arguments in [["train", "--config", path, "--rounds", "5"], ["--rounds", "5", "--config=\(path)"]] {
            let command = try #require(FedMPI.parseAsRoot(arguments) as? Train)
            let settings = command.options.settings(ranks: 1)
            #expect(settings.rounds == 5 && settings.lr == 0.1 && settings.momentum == 0.9)
        }
    }

    @Test func `A switch is on or off in the words of YAML`() throws {
        let output = try train("json: true\nquiet: false\ntiming: off\nno-history: yes\n").options.output
        #expect(output.json && !output.quiet && output.timing == .off && output.noHistory)
        #expect(try settings("real-delays: true").realDelays && !settings("real-delays: false").realDelays)
        #expect(try complaint("real-delays: maybe").contains("--real-delays is 'maybe'; it must be true or false"))
    }

    @Test func `A list repeats a setting that may be repeated, and flags add to it`() throws {
        let text = "inject: [nan:rank=1@round=2, kill:rank=2@round=3]\n"
        let faults = ["nan:rank=1@round=2", "kill:rank=2@round=3"]
        #expect(try settings(text).inject == faults)
        let added = "stop:rank=1@round=4"
        #expect(try settings(text, ["--inject", added]).inject == faults + [added])
        #expect(try settings("inject: \(faults[0])", ["--inject", added]).inject == [faults[0], added])
        #expect(try settings("inject: []\n").inject.isEmpty)
    }

    @Test func `Settings that do not decide the data are passed over by partition`() throws {
        let path = try file("alpha: 0.1\nrun-name: x\njson: true\n")
        let command = try #require(FedMPI.parseAsRoot(["partition", "--config", path]) as? PartitionTable)
        #expect(command.options.settings(ranks: 1).alpha == 0.1 && !command.json)
    }

    @Test func `A mapping is names and values`() throws {
        let settings = try settings("partition-options: {minimum: 5, file: 'a,b'}\ndataset-options: {}\n")
        #expect(settings.partitionOptions == ["minimum": "5", "file": "a,b"] && settings.datasetOptions == [:])
        let text = try self.settings("partition-options: classes=2\ndataset-options: ''\n")
        #expect(text.partitionOptions == ["classes": "2"] && text.datasetOptions == [:])
        #expect(
            try complaint("partition-options: {minimum: [5]}\n").contains("partition-options is not a single value"))
    }

    @Test func `The settings of a run's config json are its values`() throws {
        let settings = try settings(#"{"fedmpi": "0.1.0", "settings": {"rounds": 2, "batch-size": 8}, "ranks": 6}"#)
        #expect(settings.rounds == 2 && settings.batchSize == 8)
    }

    @Test func `What a run writes into its config json is read back to the same settings`() throws {
        var settings = RunSettings()
        settings.strategyOptions = ["mu": "0.1", "file": "a,b"]
        settings.inject = ["nan:rank=1@round=2"]
        (settings.roundDeadline, settings.bandwidthMbps, settings.patience) = (0.25, 12.5, 3)
        settings.realDelays = true
        settings.onFailure = .drop
        let json = String(decoding: try JSONEncoder().encode(settings), as: UTF8.self)
        #expect(try self.settings(#"{"settings": \#(json)}"#) == settings)
    }

    @Test(arguments: ["learning-rate: 3", "rounds: [1, 2]", "- rounds", "rounds: \"", "rounds: {a: b}", "rounds: many"])
    func `What is not a mapping from settings to their values is refused in a line with the file's name`(
        text: String
    ) throws {
        let complaint = try complaint(text)
        #expect(complaint.hasPrefix("'/") && complaint.contains(".yaml'"), "\(complaint)")
    }

    @Test(arguments: [
        ("batch_size: 8", "unknown key 'batch_size'; did you mean 'batch-size'?"),
        ("stratgey: fedavg", "unknown key 'stratgey'; did you mean 'strategy'?"),
        ("batch-size: 0", "--batch-size is 0; it must be from 1 to 65536"),
        ("late-policy: partail", "it must be one of: partial, drop (did you mean 'partial'?)"),
        ("cut: 2", "unknown key 'cut'"),
    ])
    func `A mistyped key or word is answered with the nearest`(text: String, says: String) throws {
        let complaint = try complaint(text)
        #expect(complaint.contains(says), "\(complaint)")
    }
}

@Suite struct OptionsTests {
    @Test func `A time has a unit, or is in seconds`() {
        #expect(Seconds(argument: "30s")?.value == 30)
        #expect(Seconds(argument: "500ms")?.value == 0.5)
        #expect(Seconds(argument: "2m")?.value == 120)
        #expect(Seconds(argument: "1.5")?.value == 1.5)
        #expect(Seconds(argument: "soon") == nil && Seconds(argument: "s") == nil)
    }

    @Test func `Clients default to one per client rank, and to five alone`() throws {
        let options = try SettingsOptions<TrainingScope>.parse([])
        #expect(options.settings(ranks: 6).clients == 5)
        #expect(options.settings(ranks: 4).clients == 3)
        #expect(options.settings(ranks: 1).clients == 5)
        #expect(try SettingsOptions<TrainingScope>.parse(["--clients", "9"]).settings(ranks: 4).clients == 9)
    }

    @Test func `An error is one line`() {
        do {
            _ = try FedMPI.parseAsRoot(["--rounds", "many"])
            Issue.record("'many' was taken for a number")
        } catch {
            let line = Help.line(for: error, [])
            #expect(!line.contains("\n") && line.contains("many"))
        }
    }
}

@Suite struct FormatTests {
    @Test(
        arguments: zip([0, 7, 999, 1_000, 214_538, -1_234_567], ["0", "7", "999", "1,000", "214,538", "-1,234,567"]))
    func `Thousands are grouped`(number: Int, text: String) {
        #expect(Format.grouped(number) == text)
    }

    @Test func `Bytes are shown in decimal units`() {
        #expect(Format.kilobytes(858_176) == "858")
        #expect(Format.megabytes(858_152) == "0.86 MB")
    }
}
