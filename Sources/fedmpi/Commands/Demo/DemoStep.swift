import FedCore

/// One command of the demonstration: what is shown to the reader, and what is started (`Launcher`).
struct DemoStep {
    /// What the step is, in a few words: a heading on the terminal and a name on the page.
    let title: String
    /// Why anyone would do it, in a sentence.
    let reason: String
    /// Ranks under `mpirun`; nil starts the command without it.
    let ranks: Int?
    /// Arguments of `fedmpi`, the command's name first.
    let arguments: [String]
    /// Whether later steps read what it leaves: without it they need not begin.
    var isNeeded = true

    /// The command as a person would type it, quoted for a shell.
    var commandLine: String {
        ((ranks.map { ["mpirun", "-np", "\($0)"] } ?? []) + ["fedmpi"] + arguments).map(\.shellWord).joined(
            separator: " ")
    }
}
