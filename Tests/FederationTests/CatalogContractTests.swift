import Aggregation
import Codecs
import Datasets
import FedCore
import MPI
import MPITesting
import NeuralNet
import Selection
import Strategies
import Testing

@testable import Federation
@testable import Records

/// What holds for every catalog of the value that a session is given, and for what a program has added to it.
@Suite struct CatalogContractTests {
    /// Half of each mean update.
    struct Halving: Strategy {
        static let name = "halving"
        static let summary = "takes half of the mean"
        var share: Float = 0.5

        mutating func read(_ options: inout OptionReader) throws(ConfigurationError) {
            share = try options.number("share", default: share, "in (0, 1]") { $0 > 0 && $0 <= 1 }
        }

        mutating func apply(_ mean: Span<Float>, to global: inout MutableSpan<Float>, in round: AggregatedRound) {
            global.add(mean, times: share)
        }
    }

    static let ownModel = Architecture(
        "own", "One hidden layer of four units.", for: DataForm([1, 28, 28], outputs: 10),
        layers: "linear 4, relu, linear")

    static func plugins() throws -> Plugins {
        var plugins = Plugins.standard
        try plugins.strategies.add(Halving.self)
        try plugins.models.add(Self.ownModel)
        try plugins.stages.add(StageRunTests.Counting.self)
        return plugins
    }

    /// What is the same of each catalog, whatever its entries are.
    struct Listing {
        let kind: String
        let names: [String]
        let choices: [String]
        let descriptions: [PluginDescription]
        /// Makes an entry; nil: settings cannot name one.
        let make: ((String, NamedOptions) throws -> Void)?

        init<Entry>(_ catalog: Catalog<Entry>, make: ((String, NamedOptions) throws -> Void)? = nil) {
            (kind, names, choices) = (catalog.kind, catalog.names, catalog.choices)
            (descriptions, self.make) = (catalog.descriptions, make)
        }
    }

    static func listings(_ plugins: Plugins) -> [Listing] {
        [
            Listing(plugins.strategies) { _ = try plugins.strategies.named($0, $1) },
            Listing(plugins.aggregations) { _ = try plugins.aggregations.named($0, $1) },
            Listing(plugins.selections) { _ = try plugins.selections.named($0, $1) },
            Listing(plugins.attacks) { _ = try plugins.attacks.named($0, $1) },
            Listing(plugins.partitions) {
                let options = ["class-exact", "by-column"].contains($0) ? ["file": "/nowhere"] : [:]
                let all = NamedOptions(options.merging($1.values) { $1 })
                _ = try plugins.partitions.named($0, PartitionSettings(named: all))
            },
            Listing(plugins.datasets) { name, named in
                var options = DatasetOptions()
                options.named = named
                let takesPath = plugins.datasets.find(name)?.usage.hasPrefix(":") ?? true
                _ = try plugins.datasets.open(name + (takesPath ? ":/nowhere" : ""), options: options)
            },
            Listing(plugins.models) { name, _ in _ = try plugins.models.named(name) },
            Listing(plugins.codecs.whole) { name, _ in _ = try plugins.codecs.whole.entry(named: name) },
            Listing(plugins.codecs.projecting) { name, _ in _ = try plugins.codecs.projecting.entry(named: name) },
            Listing(plugins.codecs.choosing) { name, _ in _ = try plugins.codecs.choosing.entry(named: name) },
            Listing(plugins.codecs.values) { name, _ in _ = try plugins.codecs.values.entry(named: name) },
            Listing(plugins.codecs.entropy) { name, _ in _ = try plugins.codecs.entropy.entry(named: name) },
            Listing(plugins.wires) { name, _ in _ = try plugins.wires.entry(named: name) },
            Listing(plugins.stages), Listing(plugins.stepHooks),
        ]
    }

    @Test func `Names are unique words, and each entry has a line of what it does`() throws {
        for listing in Self.listings(try Self.plugins()) {
            #expect(!listing.names.isEmpty && Set(listing.names).count == listing.names.count, "\(listing.kind)")
            #expect(listing.descriptions.map(\.name) == listing.names, "\(listing.kind)")
            for entry in listing.descriptions {
                #expect(entry.name.allSatisfy { $0.isLowercase || $0.isNumber || $0 == "-" }, "\(entry.name)")
                #expect(!entry.summary.contains("\n") && (entry.kind == "model" || !entry.summary.isEmpty))
                #expect(Set(entry.options.map(\.name)).count == entry.options.count, "\(entry.name)")
            }
        }
    }

    @Test func `An unknown name is answered with all names, the program's own too`() throws {
        for listing in Self.listings(try Self.plugins()) {
            guard let make = listing.make else { continue }
            let choices = listing.choices.joined(separator: ", ")
            let name = listing.kind == "data set" ? "no-such-thing:/nowhere" : "no-such-thing"
            #expect(throws: ConfigurationError("unknown \(listing.kind) '\(name)'; choose one of: \(choices)")) {
                try make(listing.kind == "data set" ? "no-such-thing" : name, [:])
            }
        }
    }

    @Test func `An unknown option is refused by its name, with those that there are`() throws {
        for listing in Self.listings(try Self.plugins())
        where !["model", "wire", "update codec"].contains(listing.kind) {
            guard let make = listing.make else { continue }
            for entry in listing.descriptions {
                let error = #expect(throws: ConfigurationError.self, "\(entry.name)") {
                    try make(entry.name, ["no-such-option": "1"])
                }
                let text = "\(error, default: "")"
                #expect(
                    text.contains("'no-such-option'") && text.contains("\(listing.kind) '\(entry.name)'"), "\(text)")
                for option in entry.options where option.condition == nil {
                    #expect(text.contains(option.name), "\(text)")
                }
            }
        }
    }

    @Test func `A part that remembers something takes it back, and refuses what is damaged`() throws {
        let plugins = try Self.plugins()
        var parts: [(name: String, part: any StatefulPart)] = []
        for name in plugins.strategies.names { parts.append((name, try plugins.strategies.named(name))) }
        for name in plugins.aggregations.names { parts.append((name, try plugins.aggregations.named(name))) }
        for name in plugins.selections.names { parts.append((name, try plugins.selections.named(name))) }
        for (name, part) in parts {
            var restored = part
            try restored.restoreServerState(part.serverState)
            #expect(restored.serverState == part.serverState, "\(name)")
            #expect(throws: ConfigurationError.self, "\(name)") { try restored.restoreServerState([1]) }
        }
    }

    @Test func `A run trains the program's own model with its own strategy and stage, the same on any ranks`() throws {
        let settings = SessionTests.settings {
            $0.strategy = "halving"
            $0.strategyOptions = ["share": "0.25"]
            $0.model = "own"
        }
        let plugins = try Self.plugins()
        let alone = try Self.digest(settings, plugins, ranks: 1)
        #expect(alone != nil)
        #expect(try Self.digest(settings, plugins, ranks: 3) == alone)
        var other = settings
        other.strategyOptions = ["share": "0.5"]
        #expect(try Self.digest(other, plugins, ranks: 1) != alone)
        #expect(try Job(settings, plugins: plugins).stageOrder.server == ["counting"])
    }

    private static func digest(_ settings: RunSettings, _ plugins: Plugins, ranks: Int) throws -> String? {
        try ThreadRanks.run(ranks) { world in
            let recorder = SessionTests.Recorder()
            try Session.run(world.rank == 0 ? settings : nil, plugins: plugins, on: world) { _ in [recorder] }
            return recorder.digest
        }[0]
    }

    @Test func `What is not in the standard catalogs is refused without them`() throws {
        let settings = SessionTests.settings { $0.strategy = "halving" }
        #expect(throws: Strategies.standard.unknown("halving")) { try Job(settings) }
        #expect(throws: ConfigurationError("strategy 'halving': share is '2'; it must be a number, in (0, 1]")) {
            var greedy = settings
            greedy.strategyOptions = ["share": "2"]
            _ = try Job(greedy, plugins: Self.plugins())
        }
    }
}
