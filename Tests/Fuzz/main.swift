// Feeds damaged messages and files to everything that decodes bytes it has no reason to trust.
//
//     fedmpi-fuzz [--target all|NAME] [--iterations N] [--seed S] [--first I] [--seconds LIMIT]
//
// For each target, N inputs from number I on; LIMIT ends a target early. Input number i depends on the target, the seed
// and i alone, so that what is printed on a failure repeats it. Fails (exit code 1) on a crash, on an input that takes
// longer than `Watchdog.patience`, and on damage that is accepted silently.
import FedCore

func run() throws {
    let options = try Options(Array(CommandLine.arguments.dropFirst()))
    let scratch = try ScratchFolder()
    let targets = try FuzzTargets.all(scratch)
    let chosen = targets.filter { options.target == "all" || $0.name == options.target }
    guard !chosen.isEmpty else {
        throw ConfigurationError(unknown: "target", options.target, choices: ["all"] + targets.map(\.name))
    }
    Watchdog.start()
    var table = Table()
    for target in chosen {
        var run = Run(target, options)
        table.add(try run.result())
    }
    table.finish()
}

do {
    try run()
} catch let error as ConfigurationError {
    report("\(error)")
    quit(2)
} catch {
    report("\(error)")
    quit(1)
}
