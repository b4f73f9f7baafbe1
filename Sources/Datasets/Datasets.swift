public import FedCore

/// Where a data set comes from. One file in `Sources/`, one line in `Datasets.all`.
public protocol DatasetSource: Sendable {
    /// The name on the command line, before any colon.
    static var name: String { get }
    /// What follows the name, for `--help`: e.g. `:FOLDER`, or empty.
    static var usage: String { get }
    /// One line for `--help`.
    static var summary: String { get }
    /// The classes' names, in the order of the labels; empty, as by default, when only the files know them.
    static var classNames: [String] { get }
    /// Whether all images are made from the seed.
    static var isMade: Bool { get }
    /// Whether it takes the option `seed`: images, or the samples to test on, may be drawn by it.
    static var takesSeed: Bool { get }

    /// Takes the user's choices; reads no file.
    /// - Parameters:
    ///   - argument: what followed the colon, if there was one.
    ///   - options: what the source takes by name; whatever is left is refused.
    /// - Throws: `ConfigurationError` when a choice is at fault.
    init(_ argument: String?, options: inout OptionReader) throws(ConfigurationError)

    /// Opens both splits. Local to the rank; ranks may call it at once.
    /// - Throws: `ConfigurationError` when the choice is at fault, `DatasetError` when a file is.
    func open(_ options: DatasetOptions) throws -> DatasetPair
}

extension DatasetSource {
    public static var classNames: [String] { [] }
    public static var isMade: Bool { false }
    public static var takesSeed: Bool { isMade }

    /// The file or folder after the colon.
    /// - Throws: `ConfigurationError` when there is none.
    static func path(_ argument: String?, _ what: String) throws(ConfigurationError) -> String {
        guard let argument, !argument.isEmpty else {
            throw ConfigurationError("'\(name)' needs a \(what): '\(name)\(usage)'")
        }
        return argument
    }
}

/// The catalog of data sets.
public enum Datasets {
    /// Every source, in the order of `--help`.
    public static let all: [any DatasetSource.Type] = [
        FashionMNIST.self, IDXFolder.self, CIFAR10.self, CIFAR100.self, NumPyArrays.self, CSVTable.self,
        SyntheticImages.self,
    ]

    /// What each takes, for help texts and forms.
    public static var descriptions: [PluginDescription] {
        all.map { type in
            PluginDescription(kind: "data set", name: type.name, usage: type.usage, summary: type.summary) {
                (reader: inout OptionReader) throws(ConfigurationError) in
                _ = try type.init(type.usage.hasPrefix(":") ? "PATH" : nil, options: &reader)
            }
        }
    }

    /// What can be asked for, for `--help` and error messages: e.g. `fashion-mnist`, `idx:FOLDER`.
    public static var choices: [String] { all.map { $0.name + $0.usage } }

    /// The names of a data set's classes; empty when nobody knows them.
    /// - Parameter choice: what the user typed: `name` or `name:argument`.
    public static func classNames(of choice: String) -> [String] {
        source(of: choice)?.classNames ?? []
    }

    /// Whether all images of a data set are made from the seed.
    /// - Parameter choice: what the user typed: `name` or `name:argument`.
    public static func areMade(_ choice: String) -> Bool {
        source(of: choice)?.isMade ?? false
    }

    /// Whether a data set takes the option `seed`: images, or the samples to test on, may be drawn by it.
    /// - Parameter choice: what the user typed: `name` or `name:argument`.
    public static func takeSeed(_ choice: String) -> Bool {
        source(of: choice)?.takesSeed ?? false
    }

    private static func source(of choice: String) -> (any DatasetSource.Type)? {
        all.first { $0.name == choice.prefix { $0 != ":" } }
    }

    /// Opens a data set by what the user typed: `name` or `name:argument`.
    /// - Throws: `ConfigurationError` when the choice is at fault, `DatasetError` when a file is.
    public static func open(_ choice: String, options: DatasetOptions = DatasetOptions()) throws -> DatasetPair {
        let parts = choice.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let name = parts.first.map { String($0) } ?? ""
        guard let type = all.first(where: { $0.name == name }) else {
            throw ConfigurationError(unknown: "data set", choice, choices: choices)
        }
        var reader = OptionReader(options.named, of: "data set '\(name)'")
        let source = try type.init(parts.count > 1 ? String(parts[1]) : nil, options: &reader)
        try reader.finish()
        return try source.open(options).notingEmptyClasses()
    }
}
