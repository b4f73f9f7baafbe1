import ArgumentParser
import FedCore
import Federation
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

    @Test func `Without --config the arguments stay as they are`() throws {
        #expect(try ConfigurationFile.expand(["--rounds", "3"]) == ["--rounds", "3"])
    }

    @Test func `The file's values stand before the command line's, after the command`() throws {
        let path = try file("rounds: 3\nlr: 0.1\n")
        #expect(
            try ConfigurationFile.expand(["train", "--config", path, "--rounds", "5"])
                == ["train", "--rounds=3", "--lr=0.1", "--rounds", "5"])
        let command = try FedMPI.parseAsRoot(ConfigurationFile.expand(["--config=\(path)", "--rounds", "5"]))
        let train = try #require(command as? Train)
        #expect(train.options.rounds == 5)
        #expect(train.options.lr == 0.1)
    }

    @Test func `A true switch is given, a false one is not`() throws {
        #expect(try ConfigurationFile.expand(["--config", file("json: true\nquiet: false\n")]) == ["--json"])
    }

    @Test func `A list repeats an option that may be repeated`() throws {
        let path = try file("inject: [nan:rank=1@round=2, kill:rank=2@round=3]\n")
        #expect(
            try ConfigurationFile.expand(["--config", path])
                == ["--inject=nan:rank=1@round=2", "--inject=kill:rank=2@round=3"])
        #expect(try ConfigurationFile.expand(["--config", file("inject: []\n")]).isEmpty)
    }

    @Test func `Options that do not decide the data are left out of a partition`() throws {
        let path = try file("alpha: 0.1\nrun-name: x\n")
        #expect(try ConfigurationFile.expand(["partition", "--config", path]) == ["partition", "--alpha=0.1"])
    }

    @Test func `A mapping is given as names and values`() throws {
        let path = try file("partition-options: {minimum: 5, file: 'a,b'}\ndataset-options: {}\n")
        let arguments = try ConfigurationFile.expand(["--config", path])
        #expect(arguments == [#"--partition-options=file=a\,b,minimum=5"#])
        let options = try SettingsOptions.parse(arguments)
        #expect(options.partitionOptions == ["minimum": "5", "file": "a,b"] && options.datasetOptions == [:])
        #expect(
            try ConfigurationFile.expand(["--config", file("partition-options: classes=2\ndataset-options: ''\n")])
                == ["--partition-options=classes=2"])
        #expect(throws: ConfigurationError.self) {
            try ConfigurationFile.expand(["--config", file("partition-options: {minimum: [5]}\n")])
        }
    }

    @Test func `The settings of a run's config json are its values`() throws {
        let path = try file(#"{"fedmpi": "0.1.0", "settings": {"rounds": 2, "batch-size": 8}, "ranks": 6}"#)
        #expect(
            try Set(ConfigurationFile.expand(["--config", path])) == ["--rounds=2", "--batch-size=8"])
    }

    @Test func `A switch among the settings is on or off`() throws {
        #expect(try ConfigurationFile.expand(["--config", file("real-delays: true")]) == ["--real-delays"])
        #expect(try ConfigurationFile.expand(["--config", file("real-delays: false")]) == [])
    }

    @Test(arguments: ["learning-rate: 3", "rounds: [1, 2]", "- rounds", "rounds: \"", "rounds: {a: b}"])
    func `What is not a mapping from options to single values is refused`(text: String) throws {
        let path = try file(text)
        #expect(throws: ConfigurationError.self) { try ConfigurationFile.expand(["--config", path]) }
    }

    @Test func `Every setting has an option of its own name`() {
        let names =
            ConfigurationFile.optionNames(of: SettingsOptions())
            + ConfigurationFile.optionNames(of: SplitTrainOptions())
        #expect(names.contains("batch-size") && names.contains("client-fraction") && names.contains("lr"))
        #expect(names.count == Mirror(reflecting: RunSettings()).children.count)
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
        let options = try SettingsOptions.parse([])
        #expect(options.settings(ranks: 6).clients == 5)
        #expect(options.settings(ranks: 4).clients == 3)
        #expect(options.settings(ranks: 1).clients == 5)
        #expect(try SettingsOptions.parse(["--clients", "9"]).settings(ranks: 4).clients == 9)
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
