public import FedCore

/// A kind of data set that users can name on the command line: a file format, or one particular collection.
///
/// A source is made from what the user typed and then opened. The two steps are apart so that a mistake in the
/// options is found before any file is touched, and so that help texts can list the options without a file. To
/// add one, write one file in `Sources/` and one line in ``Datasets/all``; `docs/EXTENDING.md` shows it step by
/// step.
public protocol DatasetSource: Sendable {
    /// The name on the command line, before any colon.
    static var name: String { get }
    /// Form of the argument after the name, for `--help`: e.g. `:FOLDER`; empty when there is no argument.
    static var usage: String { get }
    /// One line for `--help`, with the options and their defaults.
    static var summary: String { get }
    /// Names of the classes, in the order of the labels; empty, as by default, when only the files know them.
    static var classNames: [String] { get }
    /// Whether all images are generated from the seed, so that no file is needed. False by default.
    static var isMade: Bool { get }
    /// Whether the source takes the option `seed`, by which images or the held-out test samples are drawn.
    /// Equal to ``isMade`` by default.
    static var takesSeed: Bool { get }

    /// What messages call its samples: `images` by default.
    static var samples: String { get }

    /// Creates a source from the user's choices. Reads no file.
    ///
    /// - Parameters:
    ///   - argument: the text after the colon; nil when there was no colon.
    ///   - options: reader of the named options. The caller refuses those that the source has not asked for.
    /// - Throws: `ConfigurationError` when the argument is missing or superfluous, or an option is out of
    ///   range.
    init(_ argument: String?, options: inout OptionReader) throws(ConfigurationError)

    /// Opens both splits.
    ///
    /// Local to the rank, not collective. All ranks of a host may call it at once: they share one copy in the
    /// cache, made by the first of them while the others wait.
    ///
    /// - Parameter options: settings of the run; the source reads the fields that concern it.
    /// - Returns: two splits that agree in shape and classes.
    /// - Throws: `ConfigurationError` when the user's choice does not fit, ``DatasetError`` when a file cannot
    ///   be read.
    /// - Complexity: O(labels) for mapped files, O(file) for the first opening of a compressed file or a text
    ///   table.
    func open(_ options: DatasetOptions) throws -> DatasetPair
}

extension DatasetSource {
    public static var classNames: [String] { [] }
    public static var isMade: Bool { false }
    public static var takesSeed: Bool { isMade }
    public static var samples: String { "images" }

    /// The file or folder after the colon.
    ///
    /// - Parameters:
    ///   - argument: the text after the colon.
    ///   - what: the word for it in the error message, e.g. `folder`.
    /// - Throws: `ConfigurationError` when it is missing or empty.
    static func path(_ argument: String?, _ what: String) throws(ConfigurationError) -> String {
        guard let argument, !argument.isEmpty else {
            throw ConfigurationError("'\(name)' needs a \(what): '\(name)\(usage)'")
        }
        return argument
    }
}

/// The catalog of data sets: all that can be named with `--dataset`.
///
/// ```swift
/// let data = try Datasets.standard.open("idx:/data/emnist", options: DatasetOptions())
/// print(data.train.count, data.train.shape)
/// ```
public enum Datasets {
    /// Every source, in the order in which `--help` lists them.
    public static let all: [any DatasetSource.Type] = [
        FashionMNIST.self, EMNIST.self, IDXFolder.self, CIFAR10.self, CIFAR100.self, NumPyArrays.self, CSVTable.self,
        ImageFolder.self, CharacterText.self, SyntheticImages.self,
    ]

    /// The sources that come with the project.
    public static let standard = Catalog(
        "data set", all, name: { $0.name }, usage: { $0.usage }, summary: { $0.summary },
        reading: { (type, options: inout OptionReader) throws(ConfigurationError) in
            _ = try type.init(type.usage.hasPrefix(":") ? "PATH" : nil, options: &options)
        })
}

extension Catalog<any DatasetSource.Type> {
    /// Names of a data set's classes, without opening it.
    ///
    /// - Parameter choice: what the user typed: `name` or `name:argument`.
    /// - Returns: the names in the order of the labels; empty when only the files know them, or no source has
    ///   this name.
    public func classNames(of choice: String) -> [String] {
        source(of: choice)?.classNames ?? []
    }

    /// Whether all images of a data set are generated from the seed; false when no source has this name.
    ///
    /// - Parameter choice: what the user typed: `name` or `name:argument`.
    public func areMade(_ choice: String) -> Bool {
        source(of: choice)?.isMade ?? false
    }

    /// Whether a data set takes the option `seed`, by which images or the test samples may be drawn; false when
    /// no source has this name.
    ///
    /// - Parameter choice: what the user typed: `name` or `name:argument`.
    public func takeSeed(_ choice: String) -> Bool {
        source(of: choice)?.takesSeed ?? false
    }

    /// What messages call the samples of a data set: `rows` of a table; `images` when no source has this name.
    ///
    /// - Parameter choice: what the user typed: `name` or `name:argument`.
    public func samples(of choice: String) -> String {
        source(of: choice)?.samples ?? "images"
    }

    /// The source that a choice names; what follows the colon is not looked at.
    private func source(of choice: String) -> (any DatasetSource.Type)? {
        find(String(choice.prefix { $0 != ":" }))
    }

    /// Opens a data set by what the user typed. Local to the rank; see ``DatasetSource/open(_:)``.
    ///
    /// - Parameters:
    ///   - choice: `name` or `name:argument`; the argument may hold colons of its own.
    ///   - options: settings of the run, among them the options by name.
    /// - Returns: both splits, with a note if a class has no training samples.
    /// - Throws: `ConfigurationError` when the name is unknown or an option is not accepted, ``DatasetError``
    ///   when a file cannot be read.
    public func open(_ choice: String, options: DatasetOptions = DatasetOptions()) throws -> DatasetPair {
        let parts = choice.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let name = parts.first.map { String($0) } ?? ""
        guard contains(name) else { throw unknown(choice) }
        let source = try make(name, options.named) { (type, options) throws(ConfigurationError) in
            try type.init(parts.count > 1 ? String(parts[1]) : nil, options: &options)
        }
        return try source.open(options).notingEmptyClasses()
    }
}
