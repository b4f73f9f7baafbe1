import ArgumentParser
import FedCore
import Foundation
import Records
import Serving
import Testing

@testable import fedmpi

@Suite struct HelpTests {
    private func help(_ topic: String...) throws -> String {
        try #require(HelpTopic(["help"] + topic)).text()
    }

    /// Of every flag there was before settings were declared in groups.
    private static let flags = """
        rounds target-accuracy patience budget-mb clients client-fraction selection selection-options strategy \
        strategy-options aggregation aggregation-options attack attack-options attackers model teacher temperature \
        hard-weight dataset dataset-options samples-per-client partition alpha partition-options client-test epochs \
        local-steps batch-size lr lr-schedule lr-schedule-options warmup-rounds server-lr clip-gradients momentum \
        weight-decay seed threads eval-every on-failure failure-timeout wire round-deadline late-policy min-clients \
        round-retries straggler-prob straggler-delay bandwidth-mbps latency-ms device-speed device-spread drop-prob \
        real-delays inject results run-name checkpoint-every timing no-report tensorboard keep-best no-history json quiet \
        metrics-port otlp otlp-encoding resume from config
        """.split(separator: " ").map(String.init)

    @Test func `Help for the setting of codecs has every stage with its paper, and the grammar`() throws {
        let text = try help("compress")
        for name in [
            "topk KEEP", "eden BITS", "rans", "Golomb", "Alistarh et al., QSGD", "--compress", "--error-feedback",
        ] {
            #expect(text.contains(name), "\(name)")
        }
        #expect(text.split(separator: "\n").allSatisfy { $0.count <= 100 })
        #expect(try help("topk").contains("--compress 'topk KEEP name=value'"))
    }

    @Test(arguments: [["train", "--help"], ["help", "train"], ["train", "-h"], ["--rounds", "3", "--help"]])
    func `Help of training is a page of sixty lines that names every setting`(arguments: [String]) {
        let text = Help.text(for: CleanExit.helpRequest(Train.self), arguments)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.count <= 60 && lines.allSatisfy { $0.count <= 80 }, "\(lines.count)")
        for flag in Self.flags + TrainingScope.names { #expect(text.contains("--\(flag)"), "\(flag)") }
        let named = HelpSection.all.flatMap { $0.groups(of: TrainingScope.self) }.map { $0.title }
        let declared = TrainingScope.groups.map { $0.description.title }
        #expect(named.sorted() == declared.sorted())
    }

    @Test(arguments: [[], ["--help"], ["-h"], ["help"]] as [[String]])
    func `Help without a command has every command, each in a line`(arguments: [String]) {
        let text = Help.text(for: CleanExit.helpRequest(), arguments)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.count <= 60 && lines.allSatisfy { $0.count <= 80 }, "\(lines.filter { $0.count > 80 })")
        for command in FedMPI.configuration.subcommands where command.configuration.shouldDisplay {
            #expect(lines.contains { $0.hasPrefix("  \(Help.name(of: command)) ") }, "\(command)")
        }
    }

    @Test(arguments: [
        ("run", "--metrics-port"), ("protection", "--assumed-dropout"), ("strategy", "fedprox"), ("strategy", "mu"),
        ("dataset", "csv:FILE"), ("dataset", "--dataset"), ("model", "--freeze"), ("model", "char-lstm"),
        ("aggregation", "krum"), ("selection", "oort"), ("dp", "--privacy"), ("dp-sgd", "--privacy"),
    ])
    func `help and a group's or a catalog's name lists what is in it`(topic: String, word: String) throws {
        #expect(try help(topic).contains("  \(word)"))
    }

    @Test func `Examples in the help of commands fit into 80 columns`() {
        let commands = FedMPI.configuration.subcommands.flatMap { [$0] + $0.configuration.subcommands }
        for command in commands {
            for line in command.configuration.discussion.split(separator: "\n") where line.contains("fedmpi ") {
                #expect(line.count <= 80 || !(line.hasPrefix("fedmpi") || line.hasPrefix("mpirun")), "\(line)")
            }
        }
    }

    @Test func `help knows what people ask about that is neither a command nor a setting`() throws {
        for topic in ["resume", "config", "hostfile", "slurm", "metrics"] {
            let text = try help(topic)
            #expect(!text.isEmpty && text.split(separator: "\n").allSatisfy { $0.count <= 80 }, "\(topic)")
        }
    }

    @Test(arguments: [
        ("profiles", "model-mb"), ("profile", "cpu-share"), ("tiers", "LOW"), ("tier", "MEDIUM"), ("people", "laptop"),
        ("edge", "microcontroller"), ("fleets", "edge-server"), ("fleet-file", "away-radio"),
    ])
    func `help knows devices: the keys of their files, tiers and fleets`(topic: String, word: String) throws {
        let text = try help(topic)
        #expect(text.contains(word))
        let lines = text.split(separator: "\n")
        #expect(lines.allSatisfy { $0.count <= 80 }, "\(lines.filter { $0.count > 80 })")
    }

    @Test func `help lists every key of a profile`() throws {
        let lines = try help("profiles").split(separator: "\n")
        for quantity in DeviceQuantity.allCases {
            #expect(lines.contains { $0.hasPrefix("\(quantity.rawValue) ") }, "\(quantity)")
        }
    }

    @Test func `A negative number belongs to the option before it`() {
        let words = ["--rounds", "-1", "--lr", "-1e-3", "--quiet", "-h", "--alpha=2", "-5", "--", "-1"]
        #expect(
            words.withNegativeNumbersTied
                == ["--rounds=-1", "--lr=-1e-3", "--quiet", "-h", "--alpha=2", "-5", "--", "-1"])
        let error = #expect(throws: (any Error).self) {
            try FedMPI.parseAsRoot(["--rounds", "-1"].withNegativeNumbersTied)
        }
        #expect(error.map { Help.line(for: $0, ["--rounds=-1"]) }?.contains("--rounds is -1") == true)
    }

    @Test(arguments: [
        (["--experimental-dump-help"], "{"), (["--version"], "\(FedMPI.configuration.version)"),
        (["--generate-completion-script", "bash"], "#!/bin/bash"),
    ])
    func `What programs ask is not answered with a page for people`(arguments: [String], begin: String) throws {
        let error = #expect(throws: (any Error).self) { try FedMPI.parseAsRoot(arguments) }
        #expect(Help.text(for: try #require(error), arguments).hasPrefix(begin))
    }

    @Test func `--help has every flag, in its group`() {
        let text = FedMPI.helpMessage(for: Train.self)
        for flag in Self.flags { #expect(text.contains("  --\(flag) ") || text.contains("  --\(flag)\n"), "\(flag)") }
        for group in TrainingScope.groups { #expect(text.contains("\n\(group.title.uppercased()):\n"), "\(group)") }
        #expect(text.contains("(default: 0.05)") && text.contains("fedprox (FedAvg with a"))
        #expect(FedMPI.helpMessage(for: SplitTrain.self).contains("--server-part"))
        #expect(!FedMPI.helpMessage(for: Train.self).contains("--server-part"))
    }

    @Test(arguments: [CompletionShell.bash, .zsh, .fish]) func `Shells complete every flag, and names of plug-ins`(
        shell: CompletionShell
    ) {
        let script = FedMPI.completionScript(for: shell)
        for flag in Self.flags where shell == .bash || shell == .zsh {
            #expect(script.contains("--\(flag)"), "\(flag)")
        }
        for flag in Self.flags where shell == .fish { #expect(script.contains("-l '\(flag)'"), "\(flag)") }
        for plugin in ["scaffold", "trimmed-mean", "oort", "quantity-skew", "inverse-sqrt", "gatherv", "edgecnn-bn"] {
            #expect(script.contains(plugin), "\(plugin)")
        }
    }

    @Test(arguments: [
        (["--roundz", "3"], "Did you mean '--rounds'?"), (["--frobnicate"], "`fedmpi help train` lists"),
        (["--late-policy", "partail"], "did you mean 'partial'?"),
        (["--lr", "fast"], "--lr is 'fast'; it must be a number"),
        (["split-train", "--cutt", "2"], "Did you mean '--cut'?"),
        (["trian"], "unknown command 'trian'; did you mean 'train'?"),
        (["frobnicate"], "unknown command 'frobnicate'; `fedmpi help` lists the commands"),
        (["runs", "lst"], "unknown command of runs 'lst'; did you mean 'list'?"),
        (["doctor", "--frobnicate"], "`fedmpi help doctor` lists"),
    ]) func `A mistyped flag or word is answered with the nearest`(arguments: [String], says: String) throws {
        let error = #expect(throws: (any Error).self) { try FedMPI.parseAsRoot(arguments) }
        let line = Help.line(for: try #require(error), arguments)
        #expect(line.contains(says) && !line.contains("\n"), "\(line)")
    }

    @Test(arguments: [
        (["swep", "sw.yaml"], "unknown command 'swep'; did you mean 'sweep'?"),
        (["predict", "--modl", "results/first"], "unknown option '--modl'; did you mean '--model'?"),
    ]) func `What is misspelt is named, also where more than that is wrong`(arguments: [String], says: String) throws {
        let error = #expect(throws: (any Error).self) { try FedMPI.parseAsRoot(arguments) }
        #expect(Help.line(for: try #require(error), arguments) == says)
    }

    @Test func `help settings lists every setting by group`() throws {
        let text = try help("settings")
        for group in EveryScope.groups { #expect(text.contains("\(group.title.uppercased()):\n")) }
        for name in EveryScope.names { #expect(text.contains("\n  --\(name)"), "\(name)") }
        let words = text.split { $0 == " " || $0 == "\n" }.joined(separator: " ")
        #expect(words.contains("Samples per step of local training. A whole number, from 1 to 65536. (default: 32)"))
        #expect(text.split(separator: "\n").allSatisfy { $0.count <= 100 })
    }

    @Test(arguments: [
        ("fedprox", "mu", "a number, at least 0 (default: 0.01)"),
        ("krum", "attackers", "a whole number, from 0 to 1,000,000 (default: 1)"),
        ("oort", "cut-off", "a number, from 0 to 1 (default: 0.95)"),
        ("backdoor", "size", "a whole number, at least 1 (default: 3)"),
        ("shard", "shards", "a whole number, at least 1 (default: 2)"),
        ("class-exact", "file", "a file; it must be given"),
        (
            "class-exact", "header",
            "whether the first line names the columns; without it the line itself shows: true or false"
        ),
        ("quantity-skew", "sigma", "a number, at least 0; with law=log-normal (default: 1.0)"),
        ("csv", "test-share", "the share that is held out to test on: a number, between 0 and 1 (default: 0.1)"),
        ("step", "every", "a whole number, at least 1 (default: 10)"),
    ]) func `help and a plug-in's name lists what it takes`(plugin: String, option: String, words: String) throws {
        let text = try help(plugin).split { $0 == " " || $0 == "\n" }.joined(separator: " ")
        #expect(text.contains(" \(option) \(words)"), "\(text)")
    }

    @Test func `Every plug-in tells its options, which are those that it names when it is given another`() throws {
        // A stage that has the name of a command is explained by `fedmpi help compress`.
        for plugin in PluginList.all
        where !["model", "wire"].contains(plugin.kind) && !Help.commands.contains(plugin.name) {
            let text = try help(plugin.name)
            for option in plugin.options { #expect(text.contains("  \(option.name)"), "\(plugin.name)") }
            #expect(plugin.options.isEmpty == text.contains("It takes no options."), "\(plugin.name)")
        }
        #expect(try help("median").contains("--aggregation median"))
        #expect(try help("lr").contains("--lr"))
    }

    @Test func `Another name is answered with the nearest, and commands are the parser's`() throws {
        #expect(throws: ConfigurationError("nothing is called 'fedporx'; did you mean 'fedprox'?")) {
            try help("fedporx")
        }
        #expect(throws: ConfigurationError.self) { try help("settings", "--xml") }
        for arguments in [["help"], ["help", "train"], ["train"], ["help", "--help"]] {
            #expect(try HelpTopic(arguments)?.text() == nil)
        }
    }

    @Test func `Settings and plug-ins are to be had as data`() throws {
        let object = try JSONSerialization.jsonObject(with: Data(help("settings", "--json").utf8)) as? [String: Any]
        let groups = try #require(object?["groups"] as? [[String: Any]])
        let settings = groups.flatMap { $0["settings"] as? [[String: Any]] ?? [] }
        #expect(settings.compactMap { $0["name"] as? String } == EveryScope.names)
        let batch = try #require(settings.first { $0["name"] as? String == "batch-size" })
        #expect(batch["type"] as? String == "integer" && batch["minimum"] as? Int == 1)
        #expect(batch["maximum"] as? Int == 65_536 && batch["default"] as? String == "32")
        let plugins = try #require(object?["plugins"] as? [[String: Any]])
        let prox = try #require(plugins.first { $0["name"] as? String == "fedprox" })
        #expect((prox["options"] as? [[String: Any]])?.first?["name"] as? String == "mu")
    }
}
