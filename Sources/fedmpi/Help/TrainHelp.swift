import FedCore

/// The page that `fedmpi train --help` shows: what is asked for most, and the names of everything else, on one screen
/// and a half. `fedmpi help` and a name tell the rest.
enum TrainHelp {
    /// The settings that a first run changes, in the order of the page, each with what it is in a few words.
    private static let first = [
        ("rounds", "rounds of training"), ("clients", "clients; ranks share them (default: one a rank)"),
        ("client-fraction", "share of them in a round"), ("model", "a name, a list of layers, or a file"),
        ("dataset", "a name, or a name and a folder"), ("partition", "how samples are dealt to clients"),
        ("alpha", "skew of labels: small is skewed"), ("strategy", "how updates become new weights"),
        ("epochs", "passes of a client over its data"), ("batch-size", "samples per step"),
        ("lr", "learning rate of the clients"), ("seed", "the same seed, the same weights"),
        ("run-name", "folder below results/"),
    ]

    /// The page.
    static var text: String {
        """
        Train a model: rank 0 is the server, the other ranks train the clients.

        Usage: mpirun -np RANKS fedmpi [train] [--NAME VALUE]... [--config FILE]
          mpirun -np 6 fedmpi --rounds 10 --run-name first
          mpirun -np 6 fedmpi --config run.yaml   `fedmpi init` writes one to begin with
          mpirun -np 6 fedmpi --resume first      goes on where it was stopped
          fedmpi train --dry-run --rounds 10      checks the settings, trains nothing

        The first to change:
        \(first.map(line).joined(separator: "\n"))

        All settings. `fedmpi help NAME` tells what one of them or of these groups does,
        `fedmpi help settings` everything:
        \(HelpSection.all.map(names).joined(separator: "\n"))
          and         --resume RUN --from CHECKPOINT --config FILE --dry-run
        """
    }

    /// A setting in one line, with its default.
    private static func line(_ name: String, _ words: String) -> String {
        let setting = TrainingScope.settings.first { $0.name == name }
        let standard = setting?.defaultWords.map { " (default: \($0))" } ?? ""
        let text = Format.leftAligned("  --\(name)", to: 20) + words
        // A default that would not fit is told by `fedmpi help`.
        return (text + standard).count < 80 ? text + standard : text
    }

    /// A section's names, under one another behind its word.
    private static func names(_ section: HelpSection) -> String {
        let names = section.groups(of: TrainingScope.self).flatMap(\.settings).map { "--\($0.name)" }
        let text = SettingsText.wrapped(names.joined(separator: " "), indent: 14, first: 14)
        return Format.leftAligned("  \(section.name)", to: 14) + text.dropFirst(14)
    }
}
