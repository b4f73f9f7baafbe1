public import FedCore
public import Records

extension RunSettings {
    /// Takes settings from a command line, by the names and in the words of `fedmpi train`: `--rounds 5` or `--rounds=5`;
    /// one that is on or off needs no value, one that is a list may be given several times. docs/SETTINGS.md lists
    /// them.
    ///
    /// Whether they go together, and whether there are plug-ins of the names, is checked when a `Job` is built.
    ///
    /// - Parameter arguments: without the program's name.
    /// - Throws: `ConfigurationError` when a name is no setting's, which names the nearest, or a value is missing or not
    ///   accepted.
    public mutating func read(arguments: some Sequence<String>) throws(ConfigurationError) {
        let settings = Self.descriptions.flatMap(\.settings)
        var given = GivenSettings()
        var rest = Array(arguments)[...]
        while let argument = rest.popFirst() {
            guard argument.hasPrefix("--") else {
                throw ConfigurationError("'\(argument.printable)' is not a setting: their names begin with --")
            }
            let parts = argument.dropFirst(2).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = String(parts[0])
            guard let kind = settings.first(where: { $0.name == name })?.kind else {
                given.set(name, to: .on)
                try given.refuseNames(besides: settings.map(\.name))
                continue
            }
            var one = GivenSettings()
            if kind == .flag, parts.count == 1 {
                one.set(name, to: .on)
            } else {
                guard let value = parts.count > 1 ? String(parts[1]) : rest.popFirst() else {
                    throw ConfigurationError("--\(name) needs a value")
                }
                one.set(name, to: kind == .list ? .list([value]) : .text(value))
            }
            given.override(with: one)
        }
        try read(given)
    }
}
