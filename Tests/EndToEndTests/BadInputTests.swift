import Foundation
import Testing

@Suite(.serialized, .enabled(if: Program.binary != nil, "set FEDMPI_BINARY to the release binary"))
struct BadInputTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let arguments: [String]
        /// What the one line must contain.
        let says: [String]
        var testDescription: String { arguments.joined(separator: " ") }

        init(_ arguments: [String], says: String...) {
            self.arguments = arguments
            self.says = says
        }
    }

    static let cases: [Case] = [
        Case(["--model", "resnet"], says: "unknown model 'resnet'", "resnet18"),
        Case(["--strategy-options", "mu=1"], says: "strategy 'fedavg' takes no options", "'mu'"),
        Case(["--strategy", "fedprox", "--strategy-options", "mu=-1"], says: "mu is '-1'", "at least 0"),
        Case(["--strategy", "scaffold", "--wire", "reduce"], says: "--wire gatherv"),
        Case(["--aggregation", "krum", "--aggregation-options", "attackers=2"], says: "at least 7 updates"),
        Case(["--attackers", "2"], says: "--attackers", "--attack"),
        Case(["--dataset", "imagenet"], says: "unknown data set 'imagenet'", "fashion-mnist", "synthetic"),
        Case(["--strategy", "best"], says: "unknown strategy 'best'", "fedavg"),
        Case(["--partition", "fair"], says: "unknown partition", "iid", "dirichlet"),
        Case(["--alpha", "0"], says: "--alpha", "greater than 0"),
        Case(["--alpha", "-1"], says: "alpha"),
        Case(["--rounds", "0"], says: "--rounds", "at least 1"),
        Case(["--clients", "0"], says: "--clients", "at least 1"),
        Case(["--rounds", "many"], says: "'many'", "--rounds"),
        Case(["--roundz", "3"], says: "--roundz", "--rounds"),
        Case(["--client-fraction", "0"], says: "--client-fraction"),
        Case(["--clients", "60001"], says: "60001", "60000"),
        Case(["--results", "/proc/none"], says: "/proc/none"),
        Case(["--dataset", "idx:/nowhere"], says: "/nowhere"),
        Case(["--dataset", "numpy:/nowhere"], says: "/nowhere is missing"),
        Case(["--dataset", "csv:/proc/version"], says: "/proc/version"),
        Case(["--dataset-options", "x=1"], says: "data set 'fashion-mnist' takes no options", "'x'"),
        Case(["--partition", "shard", "--partition-options", "shardz=3"], says: "no option 'shardz'", "shards"),
        Case(["--partition", "pathological", "--partition-options", "classes=11"], says: "11 classes", "10 classes"),
        Case(["--partition", "by-column", "--partition-options", "file=/nowhere"], says: "cannot read /nowhere"),
        Case(["--partition", "class-exact"], says: "file=FILE"),
        Case(["--config", "/nowhere.yaml"], says: "/nowhere.yaml"),
        Case(["frobnicate"], says: "frobnicate"),
    ]

    /// One of each place where a setting is found bad: the parser, a file, a check of one setting, the data, a folder.
    static let placesUnderRanks = ["--roundz", "/nowhere.yaml", "--alpha", "idx:/nowhere", "/proc/none"]

    @Test(arguments: cases)
    func `Bad input gets one line and exit code 2`(bad: Case) throws {
        try check(bad, try Program.run(ranks: nil, bad.arguments, seconds: 30))
    }

    /// oneDNN then takes the processor for one of AVX2, as users' notebooks have it.
    @Test func `A processor without brain floats refuses them`() throws {
        let bad = Case(["--precision", "bf16", "--rounds", "1"], says: "--precision bf16", "AVX512-BF16", "avx2")
        let limited = ["ONEDNN_MAX_CPU_ISA": "AVX2"]
        try check(bad, try Program.run(ranks: nil, bad.arguments, seconds: 30, environment: limited))
        try check(bad, try Program.run(ranks: 3, bad.arguments, seconds: 30, environment: limited))
    }

    @Test(arguments: placesUnderRanks)
    func `Under mpirun it is rank 0 that says it, once`(place: String) throws {
        let bad = try #require(Self.cases.first { $0.arguments.contains(place) })
        try check(bad, try Program.run(ranks: 3, bad.arguments, seconds: 30))
    }

    private func check(_ bad: Case, _ outcome: Program.Outcome) throws {
        #expect(outcome.status == 2)
        #expect(outcome.output.isEmpty)
        #expect(outcome.errorLines.count == 1, "\(outcome.errors)")
        for text in bad.says { #expect(outcome.errors.contains(text), "\(outcome.errors)") }
    }

    @Test func `An unknown key of a configuration file is named with the choices`() throws {
        let folder = try Folder()
        let file = try folder.write("rounds: 3\nlearning_rate: 0.1\n", to: "run.yaml")
        let outcome = try Program.run(ranks: 2, ["--config", file], seconds: 30)
        #expect(outcome.status == 2)
        #expect(outcome.errorLines.count == 1)
        #expect(outcome.errors.contains("learning_rate") && outcome.errors.contains("that there are is like it"))
    }

    @Test func `Flags override the configuration file`() throws {
        let folder = try Folder()
        let file = try folder.write(
            "rounds: 3\nmodel: logistic\ndataset: synthetic\njson: true\nresults: \(folder.path)\n", to: "run.yaml")
        let outcome = try Program.run(ranks: 2, ["--config", file, "--rounds", "1"], seconds: 60)
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(try outcome.events().count == 3)
    }

    @Test(arguments: ["magic", "truncated", "missing"])
    func `A damaged data folder is refused by file name`(damage: String) throws {
        let folder = try Folder()
        let source = "/usr/share/datasets/fashion-mnist"
        for name in try FileManager.default.contentsOfDirectory(atPath: source) {
            try FileManager.default.copyItem(atPath: "\(source)/\(name)", toPath: "\(folder.path)/\(name)")
        }
        let file = "\(folder.path)/train-labels-idx1-ubyte.gz"
        switch damage {
        case "missing": try FileManager.default.removeItem(atPath: file)
        case "truncated":
            try Data(contentsOf: URL(fileURLWithPath: file)).prefix(1000).write(to: URL(fileURLWithPath: file))
        default:
            try FileManager.default.removeItem(atPath: file)
            try Data("not the right thing".utf8).write(
                to: URL(fileURLWithPath: "\(folder.path)/train-labels-idx1-ubyte"))
        }
        let outcome = try Program.run(ranks: 3, ["--dataset", "idx:\(folder.path)"], seconds: 30)
        #expect(outcome.status == 2)
        #expect(outcome.errorLines.count == 1, "\(outcome.errors)")
        #expect(outcome.errors.contains("train-labels"))
    }

    @Test func `An existing run is not overwritten`() throws {
        let folder = try Folder()
        let arguments = [
            "--rounds", "1", "--model", "logistic", "--dataset", "synthetic", "--results", folder.path,
            "--run-name", "mine", "--quiet",
        ]
        #expect(try Program.run(ranks: 2, arguments).status == 0)
        let second = try Program.run(ranks: 2, arguments)
        #expect(second.status == 2)
        #expect(second.errors.contains("mine"))
    }

    @Test(arguments: [["demo"], ["predict", "--model", "/nowhere", "images"], ["report", "/nowhere"]])
    func `What needs no ranks is refused once under mpirun`(arguments: [String]) throws {
        let outcome = try Program.run(ranks: 3, arguments, seconds: 30)
        #expect(outcome.status == 2, "\(outcome.errors)")
        #expect(outcome.errorLines.filter { $0.hasPrefix("fedmpi: ") }.count == 1, "\(outcome.errors)")
    }

    @Test(arguments: [
        ["--help"], ["train", "--help"], ["--version"], ["models"], ["partition", "--dataset", "synthetic"],
    ])
    func `What needs no ranks is said once under mpirun`(arguments: [String]) throws {
        let alone = try Program.run(ranks: nil, arguments, seconds: 30)
        let launched = try Program.run(ranks: 3, arguments, seconds: 30)
        #expect(alone.status == 0 && launched.status == 0)
        #expect(!alone.output.isEmpty && alone.output == launched.output)
    }
}
