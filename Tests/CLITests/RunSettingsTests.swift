import ArgumentParser
import FedCore
import Foundation
import Records
import SplitLearning
import Testing

@testable import fedmpi

/// Every setting there is, by every way that leads to it.
@Suite struct RunSettingsTests {
    /// A value of each setting that is not its default, as a user writes it.
    private static let samples: [(name: String, text: String)] = [
        ("rounds", "7"), ("target-accuracy", "0.5"), ("patience", "3"), ("budget-mb", "1.5"), ("eval-every", "2"),
        ("seed", "18446744073709551615"), ("threads", "2"), ("clients", "9"), ("client-fraction", "0.5"),
        ("selection", "oort"), ("selection-options", "alpha=1"), ("min-clients", "2"), ("round-retries", "0"),
        ("strategy", "fedprox"), ("strategy-options", "mu=0.1"), ("widths", "1:0.2,0.5:0.8"),
        ("server-lr", "0.5"), ("aggregation", "median"),
        ("aggregation-options", "attackers=2"), ("attack", "sign-flip"), ("attack-options", "scale=2"),
        ("attackers", "1"), ("model", "logistic"), ("init", "a/b.safetensors"), ("freeze", "features.*"),
        ("teacher", "results/a b"), ("temperature", "2.0"),
        ("hard-weight", "0.25"), ("dataset", "csv:a,b"), ("dataset-options", #"ignore=1 2,test=a\,b"#),
        ("samples-per-client", "20"), ("partition", "shard"), ("alpha", "0.1"), ("partition-options", "shards=3"),
        ("client-test", "0.2"), ("epochs", "0"), ("local-steps", "5"), ("batch-size", "8"), ("lr", "0.1"),
        ("normalize", "channels"), ("augment", "crop:4,flip"), ("loss", "mse"), ("loss-options", "label-smoothing=0.1"),
        ("optimizer", "adamw"), ("precision", "bf16"),
        ("optimizer-options", "beta1=0.8"),
        ("lr-schedule", "step"), ("lr-schedule-options", "every=3"), ("warmup-rounds", "1"), ("clip-gradients", "1.0"),
        ("momentum", "0.0"), ("weight-decay", "0.001"), ("wire", "reduce"), ("topology", "tree:2"),
        ("compress-down", "bf16"), ("compress", "topk 1% | int8 | rans"), ("error-feedback", "false"),
        ("error-feedback-keep", "0.5"),
        ("error-feedback-momentum", "0.9"),
        ("round-deadline", "0.5"),
        ("late-policy", "drop"), ("on-failure", "drop"), ("failure-timeout", "2.5"), ("inject", "kill:rank=1@round=2"),
        ("straggler-prob", "0.5"), ("straggler-delay", "1.5"), ("bandwidth-mbps", "10.0"), ("latency-ms", "5.0"),
        ("device-speed", "100.0"), ("device-spread", "1.0"), ("drop-prob", "0.1"), ("real-delays", "true"),
        ("fleet", "people"), ("require", "idle,charging"), ("min-battery", "0.5"), ("stop-battery", "0.05"),
        ("fleet-start", "3.0"), ("round-every", "60.0"), ("cohort-wait", "30.0"), ("budget-joules", "5.0"),
        ("edges", "3"), ("cloud-every", "2"), ("edge-aggregation", "median"), ("edge-aggregation-options", "trim=0.1"),
        ("edge-norm-limit", "3.0"), ("edge-loss-limit", "2.0"), ("edge-samples", "50"), ("edge-mbps", "8.0"),
        ("edge-latency-ms", "20.0"), ("privacy", "central"), ("clip", "0.5"), ("noise", "1.1"),
        ("clipping", "adaptive"), ("clip-quantile", "0.75"), ("clip-rate", "0.5"), ("ftrl-factor", "banded"),
        ("ftrl-band", "8"), ("secure-aggregation", "true"), ("assumed-corrupt", "0.1"), ("assumed-dropout", "0.25"),
        ("secure-bits", "12"), ("assumed-server", "semi-malicious"), ("clip-updates", "2.5"),
        ("sampling", "shuffle"), ("noise-source", "simulated"), ("noise-key", "a/key"), ("epsilon", "8.0"),
        ("delta", "1e-06"),
        ("offline-updates", "4"), ("offline-expiry", "7200.0"), ("age-power", "1.0"),
        ("cut", "2"), ("server-part", "per-client"),
    ]

    private static var names: [String] { RunSettings.names }

    private func train(_ arguments: [String]) throws -> RunSettings {
        let command = try #require(FedMPI.parseAsRoot(["split-train"] + arguments) as? SplitTrain)
        return command.options.settings(ranks: 1)
    }

    @Test func `Options of a plug-in that are given in parts add up`() throws {
        let settings = try train(["--dataset-options", "label=a, ignore=b", "--dataset-options", "test=c"])
        #expect(settings.datasetOptions.values == ["label": "a", "ignore": "b", "test": "c"])
        #expect(throws: (any Error).self) {
            try train(["--dataset-options", "label=a", "--dataset-options", "label=b"])
        }
    }

    /// What a sample gives, read as the parser and the file's reader hand it over.
    private func read(_ given: GivenSettings) throws -> RunSettings {
        try RunChoices(given, of: SplitTrainingScope.self).settings(ranks: 1)
    }

    @Test func `Every stored property is a setting, and every setting is tried here`() {
        #expect(Mirror(reflecting: RunSettings()).children.count == Self.names.count)
        #expect(Set(Self.samples.map(\.name)) == Set(Self.names) && Set(Self.names).count == Self.names.count)
    }

    /// All at once: a command line takes half a second in a debug build, whose parser looks for faults in the options first.
    @Test func `Every flag gives its setting, which is written as it was given`() throws {
        let settings = try train(
            Self.samples.map { $0.text == "true" ? "--\($0.name)" : "--\($0.name)=\($0.text)" })
        let changed = settings.differences(from: RunSettings())
        #expect(changed.count == Self.samples.count)
        for sample in Self.samples {
            #expect(changed.first { $0.name == sample.name }?.text == sample.text, "\(sample)")
        }
    }

    @Test func `A line of YAML and JSON give the setting that was given, and no other`() throws {
        for sample in Self.samples {
            // What is not to be given alone: a temperature has a teacher's default beside it, and none without it.
            var given = GivenSettings()
            given.set(sample.name, to: sample.text == "true" ? .on : .text(sample.text))
            let settings = try read(given)
            let changed = settings.differences(from: RunSettings())
            let own = try #require(changed.first { $0.name == sample.name }, "\(sample)")
            #expect(own.text == sample.text)
            #expect(changed.count == (sample.name == "teacher" ? 3 : 1), "\(sample): \(changed)")

            let decoded = try JSONDecoder().decode(RunSettings.self, from: JSONEncoder().encode(settings))
            #expect(decoded == settings, "\(sample)")

            let file = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).yaml")
            try Data("\(sample.name): '\(sample.text)'\n".utf8).write(to: file)
            #expect(try read(ConfigurationFile.given(in: file.path)) == settings, "\(sample)")
        }
    }

    @Test func `split-train refuses every setting that it does not list`() throws {
        #expect(SplitTraining.honoured.isSubset(of: Self.names))
        for sample in Self.samples {
            var given = GivenSettings()
            given.set(sample.name, to: sample.text == "true" ? .on : .text(sample.text))
            var settings = try read(given)
            settings.serverPart = settings.serverPart ?? .shared
            if SplitTraining.honoured.contains(sample.name) {
                try SplitTraining().validate(settings)
            } else {
                let error = #expect(throws: ConfigurationError.self) { try SplitTraining().validate(settings) }
                #expect(error?.description.contains("--\(sample.name)") == true, "\(sample)")
            }
        }
    }

    @Test func `config json has the names, and what is absent is left out`() throws {
        let json = try JSONSerialization.jsonObject(with: JSONEncoder().encode(RunSettings()))
        let object = try #require(json as? [String: Any])
        let absent: Set = [
            "loss", "normalize", "widths",
            "target-accuracy", "patience", "budget-mb", "attack", "init", "freeze", "teacher", "temperature",
            "hard-weight",
            "local-steps", "augment", "clip-gradients", "compress", "compress-down", "error-feedback", "round-deadline",
            "bandwidth-mbps", "device-speed", "fleet", "budget-joules", "offline-expiry", "edge-norm-limit",
            "edge-loss-limit", "edge-mbps", "privacy", "noise", "sampling", "noise-key", "epsilon",
            "secure-bits", "clip-updates",
            "cut",
            "server-part",
        ]
        #expect(Set(object.keys) == Set(Self.names).subtracting(absent))
        #expect(object["rounds"] as? Int == 10 && object["late-policy"] as? String == "partial")
        #expect(object["strategy-options"] as? String == "" && object["inject"] as? [String] == [])
    }

    /// Words as of the first version that had them.
    @Test(arguments: [
        ("rounds", "0", "at least 1"), ("rounds", "4294967296", "at most 4294967295"), ("clients", "0", "at least 1"),
        ("client-fraction", "1.5", "in (0, 1]"), ("samples-per-client", "0", "at least 1"),
        ("alpha", "0", "greater than 0"), ("client-test", "1", "in [0, 1)"), ("epochs", "1048577", "from 0 to 1048576"),
        ("batch-size", "65537", "from 1 to 65536"), ("lr", "inf", "greater than 0"), ("momentum", "1", "in [0, 1)"),
        ("weight-decay", "nan", "at least 0"), ("threads", "0", "from 1 to 1024"),
        ("failure-timeout", "0.5", "from 1 to 86400 seconds"),
        ("round-deadline", "0", "greater than 0 and at most 1000000 seconds"),
        ("round-retries", "1001", "from 0 to 1000"),
        ("eval-every", "0", "at least 1"), ("warmup-rounds", "1048577", "from 0 to 1048576"),
        ("server-lr", "0", "greater than 0"), ("local-steps", "0", "from 1 to 1073741824"),
        ("clip-gradients", "0", "greater than 0"), ("target-accuracy", "0", "in (0, 1]"),
        ("patience", "0", "at least 1"),
        ("budget-mb", "0", "greater than 0"), ("straggler-prob", "2", "in [0, 1]"), ("drop-prob", "2", "in [0, 1]"),
        ("straggler-delay", "2000000", "from 0 to 1000000"), ("latency-ms", "2000000", "from 0 to 1000000"),
        ("bandwidth-mbps", "0", "from 0.001 to 1000000"), ("device-speed", "0", "greater than 0"),
        ("device-spread", "6", "from 0 to 5"), ("temperature", "0", "greater than 0"),
        ("hard-weight", "2", "in [0, 1]"),
    ])
    func `A range is refused in these words`(name: String, text: String, accepts: String) throws {
        var given = GivenSettings()
        given.set(name, to: .text(text))
        let error = #expect(throws: ConfigurationError.self) { try read(given) }
        let line = try #require(error).description
        #expect(line.hasPrefix("--\(name) is ") && line.hasSuffix("; it must be \(accepts)"), "\(line)")
    }

    @Test func `A range is refused on a command line in the same words`() throws {
        let error = #expect(throws: (any Error).self) { try train(["--client-fraction=1.5"]) }
        #expect(
            Help.line(for: try #require(error), ["split-train"]) == "--client-fraction is 1.5; it must be in (0, 1]")
    }

    @Test func `What does not go together is refused in these words`() {
        func expect(_ says: String, _ change: (inout RunSettings) -> Void) {
            var settings = RunSettings()
            change(&settings)
            #expect(throws: ConfigurationError(says)) { try settings.validate() }
        }
        expect("--min-clients is 6; it must be from 0 to the 5 clients of a round") { $0.minClients = 6 }
        expect("--attackers is 6; it must be from 0 to the 5 clients") { $0.attackers = 6 }
        expect("--attackers is 2; it must be given together with --attack") { $0.attackers = 2 }
    }

    @Test func `A temperature needs a teacher, and spread devices a speed`() {
        var settings = RunSettings()
        settings.temperature = 2
        #expect(throws: ConfigurationError("--temperature is 2.0; it must be given together with --teacher")) {
            try settings.validate()
        }
        settings = RunSettings()
        settings.deviceSpread = 1
        #expect(throws: ConfigurationError.self) { try settings.validate() }
    }
}
