public import FedCore

/// A stage of a pipeline: a projecting, a choosing, a value or an entropy stage. A new one is a file in the folder of
/// its kind and a line in the kind's catalog.
public protocol CodecStage: Sendable {
    /// The name on the command line.
    static var name: String { get }
    /// One line for `--help`.
    static var summary: String { get }
    /// The paper that it is from: authors, title, venue; empty for common practice.
    static var paper: String { get }
    /// The arguments that need no name, in their order: `["keep"]` reads `topk 1%` as `topk keep=1%`.
    static var positional: [String] { get }

    /// Makes the stage and reads its arguments.
    /// - Throws: `ConfigurationError` for an argument that is missing or not accepted.
    init(_ reader: inout OptionReader) throws(ConfigurationError)
}

extension CodecStage {
    public static var paper: String { "" }
    public static var positional: [String] { [] }

    /// What follows the name, for help: ` KEEP`.
    static var usage: String { positional.map { " " + $0.uppercased() }.joined() }
}

extension Catalog {
    /// A catalog of stages of one kind.
    /// - Parameters:
    ///   - stages: the types, in the order of help texts.
    ///   - stage: a type of the kind as one of stages.
    init(ofStages stages: [Entry], _ stage: @escaping @Sendable (Entry) -> any CodecStage.Type) {
        self.init(
            "update codec", stages, name: { stage($0).name }, usage: { stage($0).usage },
            summary: { stage($0).summary },
            reading: { entry, reader throws(ConfigurationError) in _ = try stage(entry).init(&reader) })
    }
}

/// How many of some numbers: a count, or a percentage of all.
public enum Amount: Sendable, Equatable {
    /// So many, or all where there are fewer.
    case count(Int)
    /// So many of a hundred, in (0, 100].
    case percent(Double)

    /// Reads `100` or `1%`.
    /// - Returns: nil when it is neither a count of at least 1 nor a percentage in (0, 100].
    public init?(_ text: String) {
        if text.hasSuffix("%") {
            guard let percent = Double(text.dropLast()), percent > 0, percent <= 100 else { return nil }
            self = .percent(percent)
        } else {
            guard let count = Int(text), count >= 1 else { return nil }
            self = .count(count)
        }
    }

    /// The amount of so many numbers, rounded up: at least 1, unless there are none.
    public func of(_ total: Int) -> Int {
        switch self {
        case .count(let count): min(count, total)
        // Rounded down first, so that 10 % of 30, which is 3.0000000000000004, is not 4.
        case .percent(let percent): min(Int((Double(total) * percent / 100 - 1e-9).rounded(.up)), total)
        }
    }
}

extension OptionReader {
    /// Reads an amount that has to be given.
    /// - Parameter name: the argument's name.
    /// - Throws: `ConfigurationError` when it is missing, or neither a count nor a percentage.
    mutating func amount(_ name: String) throws(ConfigurationError) -> Amount {
        let text = try required(name, "COUNT-OR-PERCENT%")
        if text == "COUNT-OR-PERCENT%" { return .percent(1) }
        return try amount(name, text)
    }

    /// Reads an amount; nil when it is not given.
    /// - Throws: `ConfigurationError` when it is neither a count nor a percentage.
    mutating func optionalAmount(_ name: String) throws(ConfigurationError) -> Amount? {
        guard let text = text(name, Self.amounts) else { return nil }
        return try amount(name, text)
    }

    /// What is accepted, for messages and help.
    private static var amounts: String { "a count from 1 on, or a percentage such as 1% or 0.1%" }

    /// The amount of a text, or the error that says what is accepted.
    private func amount(_ name: String, _ text: String) throws(ConfigurationError) -> Amount {
        guard let amount = Amount(text) else { throw refusal(of: name, Self.amounts) }
        return amount
    }
}
