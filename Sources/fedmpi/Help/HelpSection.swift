import FedCore

/// One of the eight parts in which `fedmpi train --help` shows the settings: groups that are asked about together.
struct HelpSection {
    /// The word for `fedmpi help`.
    let name: String
    /// What it is about.
    let title: String
    /// Titles of the groups of settings in it.
    private let titles: [String]

    private init(_ name: String, _ title: String, _ titles: [String]) {
        (self.name, self.title, self.titles) = (name, title, titles)
    }

    /// All, in the order of the help.
    static let all = [
        HelpSection("run", "Run and output", ["Run", "Output", "Monitoring"]),
        HelpSection("clients", "Clients and data", ["Clients", "Data"]),
        HelpSection("model", "Model", ["Model", "Distillation"]),
        HelpSection("training", "Local training", ["Local training", "Split training"]),
        HelpSection("strategy", "Strategy, aggregation, attacks", ["Strategy and aggregation", "Attack"]),
        HelpSection("exchange", "Exchange and edges", ["Exchange", "Edges"]),
        HelpSection("protection", "Privacy", ["Differential privacy", "Secure aggregation"]),
        HelpSection("devices", "Failures and devices", ["Failures", "Simulated devices", "Simulated fleet"]),
    ]

    /// The groups of a scope that are in it.
    func groups(of scope: any SettingsScope.Type) -> [SettingsGroupDescription] {
        scope.groups.map { $0.description }.filter { titles.contains($0.title) }
    }

    /// Every setting of the section: what it is, what it accepts, what it is by default.
    var text: String { SettingsText.list(groups(of: EveryScope.self)) }
}
