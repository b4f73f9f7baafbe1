import ArgumentParser

/// The page that `fedmpi --help` shows: what fedmpi is, and its commands by what they are for.
enum Overview {
    /// The commands by purpose; every command that is not hidden stands in one of them, which a test checks.
    static let groups: [(title: String, commands: [any ParsableCommand.Type])] = [
        ("Train", [Train.self, SplitTrain.self, Distill.self, Sweep.self, Init.self]),
        (
            "Look at runs",
            [Watch.self, Runs.self, Report.self, Compare.self, Trace.self, DashboardCommand.self]
        ),
        ("Plan", [PartitionTable.self, FleetCommand.self, PrivacyCommand.self, Audit.self]),
        (
            "Trained models",
            [ModelCommands.self, Predict.self, Export.self, Quantize.self, Prune.self, VariantList.self]
        ),
        ("Serve", [Serve.self, Split.self]), ("Try it", [Demo.self, Doctor.self]),
    ]

    /// The page.
    static var text: String {
        """
        Federated learning on MPI: rank 0 is the server, the other ranks are clients.

          mpirun -np 6 fedmpi --rounds 10    5 clients train a CNN on Fashion-MNIST
          fedmpi --rounds 10                 the same in one process, the same weights
          fedmpi demo                        training to serving in about a minute

        \(groups.map(section).joined(separator: "\n\n"))

        `fedmpi help COMMAND` explains a command, `fedmpi help NAME` a setting, a model,
        a strategy or a data set; `fedmpi help settings` lists all settings. With --json
        commands print JSON. Exit codes: 0 done, 1 failed, 2 a mistake in the request,
        3 done without the part of a lost rank (serve, split), 4 the privacy budget is
        spent, 128 + n stopped by signal n, 205 a host cannot be reached (from mpirun).
        """
    }

    /// A purpose and its commands.
    private static func section(_ title: String, _ commands: [any ParsableCommand.Type]) -> String {
        let lines = commands.map { command in
            Format.leftAligned("  \(Help.name(of: command))", to: 16) + command.configuration.abstract
        }
        return ([title + ":"] + lines).joined(separator: "\n")
    }
}
