import FedCore
import Foundation
import Testing

/// Settings of every type, to try the machinery on.
private struct Sample: SettingsSet {
    enum Colour: String, SettingValue, CaseIterable {
        typealias Content = Colour
        case red
        case darkBlue = "dark-blue"
    }

    var count = 3
    var rate: Float = 0.05
    var share: Double?
    var delay = 0.0
    var seed: UInt64 = 42
    var name = "plain"
    var isFast = false
    var colour = Colour.red
    var options: NamedOptions = [:]
    var faults: [String] = []

    static var groups: [any SettingsGroup<Sample>.Type] { [Numbers.self, Others.self] }

    enum Numbers: SettingsGroup {
        static let title = "Numbers"

        static func visit(_ settings: inout Sample, _ visitor: inout some SettingsVisitor) throws(ConfigurationError) {
            try visitor.value("count", &settings.count, .atLeast(1).and(.atMost(100)), resumable: true, "How many.")
            try visitor.value("rate", &settings.rate, .above(0), "How fast.")
            try visitor.value("share", &settings.share, .positiveShare, absent: "all", "How much.")
            try visitor.value("delay", &settings.delay, .in(0...60), unit: .seconds, "How late.")
            try visitor.value("seed", &settings.seed, "Of everything random.")
        }

        static func check(_ settings: Sample) throws(ConfigurationError) {
            guard settings.share == nil || settings.count > 1 else {
                throw ConfigurationError("--share needs a --count above 1")
            }
        }
    }

    enum Others: SettingsGroup {
        static let title = "Others"

        static func visit(_ settings: inout Sample, _ visitor: inout some SettingsVisitor) throws(ConfigurationError) {
            try visitor.value("name", &settings.name, of: "shape", "One of {choices}.")
            try visitor.value("fast", &settings.isFast, "Hurry.")
            try visitor.value("colour", &settings.colour, "Which colour.")
            try visitor.options("options", &settings.options, of: "shape")
            try visitor.value("faults", &settings.faults, "What goes wrong.")
        }
    }
}

@Suite struct SettingsTests {
    private func sample(_ given: [String: GivenSettings.Value], origin: String? = nil) throws -> Sample {
        var all = GivenSettings()
        for (name, value) in given { all.set(name, to: value, origin: origin) }
        try all.refuseNames(besides: Sample.names)
        var sample = Sample()
        try sample.read(all)
        return sample
    }

    private static var other: Sample {
        var sample = Sample()
        (sample.count, sample.rate, sample.share, sample.delay, sample.seed) = (7, 0.1, 0.25, 0.5, .max)
        (sample.name, sample.isFast, sample.colour) = ("a b", true, .darkBlue)
        sample.options = ["mu": "1"]
        sample.faults = ["x", "y"]
        return sample
    }

    @Test func `What is written is read, whatever its type`() throws {
        let sample = try sample([
            "count": .text("7"), "rate": .text("0.1"), "share": .text("0.25"), "delay": .text("500ms"),
            "seed": .text("18446744073709551615"), "name": .text("a b"), "fast": .on, "colour": .text("dark-blue"),
            "options": .mapping(["mu": "1"]), "faults": .list(["x", "y"]),
        ])
        #expect(sample == Self.other)
        #expect(try self.sample([:]) == Sample())
        #expect(try self.sample(["fast": .text("Yes")]).isFast && !self.sample(["fast": .text("off")]).isFast)
        #expect(try self.sample(["options": .text("mu=1")]).options == ["mu": "1"])
        #expect(try self.sample(["faults": .text("x")]).faults == ["x"])
    }

    @Test func `JSON is a flat object of the names, without what is absent, and is read back`() throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let json = String(decoding: try encoder.encode(Sample()), as: UTF8.self)
        let expected =
            #"{"colour":"red","count":3,"delay":0,"fast":false,"faults":[],"name":"plain","options":"","#
            + #""rate":0.05,"seed":42}"#
        #expect(json == expected)
        for sample in [Sample(), Self.other] {
            #expect(try JSONDecoder().decode(Sample.self, from: encoder.encode(sample)) == sample)
        }
    }

    @Test func `What JSON does not have keeps its default, and what is no such value is refused`() throws {
        let sample = try JSONDecoder().decode(Sample.self, from: Data(#"{"count": 9, "unknown": 1}"#.utf8))
        #expect(sample.count == 9 && sample.rate == 0.05)
        for text in [#"{"count": "9"}"#, #"{"colour": "green"}"#, #"{"seed": -1}"#, "[]"] {
            #expect(throws: DecodingError.self) { try JSONDecoder().decode(Sample.self, from: Data(text.utf8)) }
        }
        var nan = Sample()
        nan.rate = .nan
        #expect(throws: EncodingError.self) { try JSONEncoder().encode(nan) }
    }

    @Test(arguments: [
        ("count", "many", "--count is 'many'; it must be a whole number, at least 1 and at most 100"),
        ("count", "0", "--count is 0; it must be at least 1"),
        ("count", "101", "--count is 101; it must be at most 100"),
        ("rate", "nan", "--rate is nan; it must be greater than 0"),
        ("rate", "inf", "--rate is inf; it must be greater than 0"),
        ("share", "0", "--share is 0.0; it must be in (0, 1]"),
        ("delay", "soon", "--delay is 'soon'; it must be a time such as 30s, 500ms or 2m, or seconds, from 0 to 60"),
        ("delay", "2m", "--delay is 120.0; it must be from 0 to 60"),
        ("fast", "perhaps", "--fast is 'perhaps'; it must be true or false"),
        (
            "colour", "drak-blue",
            "--colour is 'drak-blue'; it must be one of: red, dark-blue (did you mean 'dark-blue'?)"
        ),
        ("options", "mu", "--options: 'mu' is no option; write name=value,name=value"),
    ])
    func `A value that is not accepted is refused with what is`(name: String, text: String, says: String) {
        #expect(throws: ConfigurationError(says)) { try sample([name: .text(text)]) }
        #expect(throws: ConfigurationError("'run.yaml': \(says)")) {
            try sample([name: .text(text)], origin: "run.yaml")
        }
    }

    @Test func `A value of another form is refused`() {
        #expect(throws: ConfigurationError("count is not a single value")) { try sample(["count": .list(["1"])]) }
        #expect(throws: ConfigurationError("--count needs a value: a whole number")) { try sample(["count": .on]) }
    }

    @Test func `An unknown name is answered with the nearest, or with all`() {
        #expect(throws: ConfigurationError("unknown key 'cuont'; did you mean 'count'?")) {
            try sample(["cuont": .text("1")])
        }
        let all = "colour, count, delay, fast, faults, name, options, rate, seed, share"
        #expect(throws: ConfigurationError("'f.yaml': unknown key 'height'; choose one of: \(all)")) {
            try sample(["height": .text("1")], origin: "f.yaml")
        }
    }

    @Test func `Values that were set are checked as those that were read, and against each other`() throws {
        var sample = Sample()
        try sample.checkGroups()
        sample.rate = -1
        #expect(throws: ConfigurationError("--rate is -1.0; it must be greater than 0")) { try sample.checkGroups() }
        (sample.rate, sample.share, sample.count) = (1, 1, 1)
        #expect(throws: ConfigurationError("--share needs a --count above 1")) { try sample.checkGroups() }
    }

    @Test func `Differences are named with both values`() {
        #expect(Sample().differences(from: Sample()).isEmpty)
        var sample = Sample()
        (sample.share, sample.colour) = (0.5, .darkBlue)
        let differences = sample.differences(from: Sample())
        #expect(differences.map(\.name) == ["share", "colour"])
        #expect(differences.map(\.text) == ["0.5", "dark-blue"] && differences.map(\.other) == [nil, "red"])
    }

    @Test func `A later source overrides an earlier one, and adds to its lists`() {
        var file = GivenSettings()
        file.set("count", to: .text("1"), origin: "f")
        file.set("faults", to: .list(["a"]), origin: "f")
        var line = GivenSettings()
        line.set("faults", to: .list(["b"]))
        line.set("count", to: .text("2"))
        file.override(with: line)
        var expected = GivenSettings()
        expected.set("count", to: .text("2"))
        expected.set("faults", to: .list(["a", "b"]))
        #expect(file == expected && file.names == ["count", "faults"])
        file.remove("count")
        #expect(file.names == ["faults"] && !file.contains("count"))
    }

    @Test func `A description has all that a form needs`() throws {
        let groups = Sample.descriptions
        #expect(groups.map(\.title) == ["Numbers", "Others"])
        let count = groups[0].settings[0]
        #expect(count.name == "count" && count.kind == .integer && count.standard == "3" && count.isResumable)
        #expect(count.accepts == "at least 1 and at most 100")
        #expect(count.minimum == SettingBound(value: 1, isIncluded: true))
        #expect(count.maximum == SettingBound(value: 100, isIncluded: true))
        let share = groups[0].settings[2]
        #expect(share.standard == nil && share.defaultWords == "all" && share.minimum?.isIncluded == false)
        let shapes = [
            PluginDescription(kind: "shape", name: "round", summary: "no corner"),
            PluginDescription(kind: "shape", name: "flat", usage: ":SIDES", summary: ""),
            PluginDescription(kind: "taste", name: "sweet", summary: ""),
        ]
        #expect(groups[1].settings[0].help(naming: shapes) == "One of round (no corner), flat:SIDES.")
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        #expect(
            String(decoding: try encoder.encode(groups[0].settings[3]), as: UTF8.self)
                == #"{"accepts":"from 0 to 60","default":"0.0","help":"How late.","maximum":60,"minimum":0,"#
                + #""name":"delay","resumable":false,"type":"number","unit":"s"}"#)
    }
}

@Suite struct NearestNameTests {
    @Test(arguments: [
        ("roundz", "rounds"), ("rouns", "rounds"), ("ruonds", "rounds"), ("batch_size", "batch-size"),
        ("BATCH-SIZE", "batch-size"), ("lrr", "lr"), ("straggler-porb", "straggler-prob"),
        // A part of what other programs call it.
        ("num-rounds", "rounds"), ("local_batch_size", "batch-size"), ("server-rounds-max", "rounds"),
    ])
    func `A slip of the fingers is near`(typed: String, meant: String) {
        let names = ["rounds", "batch-size", "lr", "straggler-prob", "straggler-delay"]
        #expect(NearestName.to(typed, among: names) == meant)
    }

    @Test(arguments: ["learning-rate", "x", "", "resnet"])
    func `Another word is not`(typed: String) {
        #expect(NearestName.to(typed, among: ["rounds", "batch-size", "epochs"]) == nil)
    }
}

@Suite struct PluginDescriptionTests {
    @Test func `What a plug-in asks for is what it takes`() {
        let plugin = PluginDescription(kind: "strategy", name: "x", summary: "s") {
            (reader: inout OptionReader) throws(ConfigurationError) in
            _ = try reader.required("file", "FILE")
            _ = try reader.number("mu", default: Float(0.01), "at least 0") { $0 >= 0 }
            _ = try reader.integer("k", "at least 1") { $0 >= 1 }
            _ = reader.text("label", default: "0", "a column")
            _ = try reader.flag("header")
        }
        #expect(plugin.options.map(\.name) == ["file", "mu", "k", "label", "header"])
        #expect(plugin.options.map(\.standard) == [nil, "0.01", nil, "0", nil])
        #expect(plugin.options.map(\.isRequired) == [true, false, false, false, false])
        #expect(
            plugin.options.map(\.words) == [
                "a file", "a number, at least 0", "a whole number, at least 1", "a column", "true or false",
            ])
    }

    @Test func `Options of a choice's other words are found, too`() {
        let plugin = PluginDescription(kind: "partition", name: "x", summary: "s") {
            (reader: inout OptionReader) throws(ConfigurationError) in
            if try reader.choice("law", default: "power", of: ["power", "normal"]) == "power" {
                _ = try reader.number("exponent", default: 1.0, "at least 0") { $0 >= 0 }
            } else {
                _ = try reader.number("sigma", default: 2.0, "at least 0") { $0 >= 0 }
            }
            _ = try reader.integer("minimum", default: 1, "at least 1") { $0 >= 1 }
        }
        #expect(plugin.options.map(\.name) == ["law", "exponent", "minimum", "sigma"])
        #expect(plugin.options.map(\.condition) == [nil, "law=power", nil, "law=normal"])
    }
}
