import FedCore

/// One command of the demonstration.
struct DemoStep {
    /// What it does, in a few words.
    let title: String
    /// Why anyone would.
    let reason: String
    /// Nil: it runs without mpirun.
    let ranks: Int?
    /// Arguments of fedmpi.
    let arguments: [String]

    /// As a person would type it.
    var commandLine: String {
        ((ranks.map { ["mpirun", "-np", "\($0)"] } ?? []) + ["fedmpi"] + arguments).map(\.shellWord).joined(
            separator: " ")
    }
}
