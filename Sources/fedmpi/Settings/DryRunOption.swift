import ArgumentParser

/// The option `--dry-run` of the commands that train.
struct DryRunOption: ParsableArguments {
    @Flag(
        name: .customLong("dry-run"),
        help:
            "Only check the settings, without MPI: silent, or with --json the settings; exit code 2 and a line if they do not work."
    )
    var isDry = false
}
