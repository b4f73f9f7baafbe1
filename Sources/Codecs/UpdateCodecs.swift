public import FedCore

/// The catalogs of what `--compress` can name: codecs of one type, and the stages of pipelines. A new one is a file in
/// this target and an entry of its catalog; the contract tests of the catalogs then cover it.
///
/// ```swift
/// let codec = try UpdateCodecs.standard.codec("topk 1% | int8 | rans")
/// ```
public struct UpdateCodecs: Sendable {
    /// Codecs that stand alone; a text that is just a name of this catalog means the codec, not the stage.
    public var whole = Catalog(
        "update codec", [HalfPrecisionUpdates.self, DeflatedUpdates.self] as [any NamedUpdateCodec.Type],
        name: { $0.name }, summary: { $0.summary })
    /// First stages: fewer numbers in place of the update's.
    public var projecting = ProjectingStages.standard
    /// Second stages: which numbers cross.
    public var choosing = ChoosingStages.standard
    /// Third stages: how they are written.
    public var values = ValueStages.standard
    /// Last stages: how symbols are packed.
    public var entropy = EntropyStages.standard

    /// The catalogs that come with the project.
    public static let standard = UpdateCodecs()

    /// Starts from ``standard``.
    public init() {}

    /// Everything that there is, as data for help texts and forms. A codec whose name is also a stage's stands there
    /// once, as the stage.
    public var descriptions: [PluginDescription] {
        let stages =
            projecting.descriptions + choosing.descriptions + values.descriptions + entropy.descriptions
        let names = Set(stages.map(\.name))
        return whole.descriptions.filter { !names.contains($0.name) } + stages
    }

    /// What is accepted, in one line.
    public var grammar: String {
        """
        write up to one stage of each kind, in this order and with | between them: what stands for the numbers (\
        \(projecting.choices.joined(separator: ", "))), which numbers cross (\
        \(choosing.choices.joined(separator: ", "))), how they are written (\(values.choices.joined(separator: ", "))), \
        how the symbols are packed (\(entropy.choices.joined(separator: ", "))); e.g. 'topk 1% | int8 | rans'; or auto, or \
        several with ; between them, coarse ones first
        """
    }

    /// Makes the codec that a text describes: the name of a codec, a pipeline, or a ladder of them (``CodecLadder``).
    ///
    /// A stage is a name and arguments: the first few by their place, all by `name=value`. Case and further blanks do
    /// not count.
    /// - Parameters:
    ///   - text: the description.
    ///   - option: the option that it is given with, for messages.
    /// - Throws: `ConfigurationError` in one line when it is no such text; of a name that is not known, or of stages in
    ///   another order, it lists what is accepted.
    public func codec(
        _ text: String, of option: String = "--compress"
    ) throws(ConfigurationError) -> any UpdateCodec {
        if let ladder = try ladder(text, of: option) { return ladder }
        let parts = text.split(separator: "|", omittingEmptySubsequences: false).map {
            $0.split(whereSeparator: \.isWhitespace).map(String.init)
        }
        if parts.count == 1, parts[0].count == 1, let codec = whole.find(parts[0][0]) { return codec.init() }
        var first: (any ProjectingStage)?
        var (second, third, fourth): ((any ChoosingStage)?, (any ValueStage)?, (any EntropyStage)?)
        var kinds = 0
        for words in parts {
            guard let name = words.first else {
                throw ConfigurationError("\(option) '\(text.printable)' has an empty stage; \(grammar)")
            }
            let kind: Int
            if let type = projecting.find(name) {
                kind = 1
                first = try Self.make(type, name, words, of: projecting)
            } else if let type = choosing.find(name) {
                kind = 2
                second = try Self.make(type, name, words, of: choosing)
            } else if let type = values.find(name) {
                kind = 3
                third = try Self.make(type, name, words, of: values)
            } else if let type = entropy.find(name) {
                kind = 4
                fourth = try Self.make(type, name, words, of: entropy)
            } else {
                let names = projecting.names + choosing.names + values.names + entropy.names
                throw ConfigurationError(
                    "\(option) '\(text.printable)': no stage is called '\(name.printable)'"
                        + NearestName.hint(for: name, among: names) + "; \(grammar)")
            }
            guard kind > kinds else {
                throw ConfigurationError(
                    "\(option) '\(text.printable)': '\(name)' comes behind a stage of its own kind or a later one; "
                        + grammar)
            }
            kinds = kind
        }
        let description = parts.map { $0.joined(separator: " ") }.joined(separator: " | ")
        let pipeline = try CompressionPipeline(description, choosing: second, values: third, entropy: fourth)
        return first.map { ProjectedPipeline($0, pipeline) } ?? pipeline
    }

    /// Makes a stage of its words.
    private static func make<Entry, Stage>(
        _ type: Entry, _ name: String, _ words: [String], of catalog: Catalog<Entry>
    ) throws(ConfigurationError) -> Stage {
        guard let type = type as? any CodecStage.Type else { preconditionFailure("a catalog of stages has stages") }
        var options: [String: String] = [:]
        var positional = type.positional[...]
        for word in words.dropFirst() {
            let key: String
            let value: String
            if let equals = word.firstIndex(of: "=") {
                (key, value) = (String(word[..<equals]), String(word[word.index(after: equals)...]))
                positional.removeAll { $0 == key }
            } else if let next = positional.popFirst() {
                (key, value) = (next, word)
            } else {
                let usage = "\(name)\(type.usage)"
                throw ConfigurationError(
                    "\(catalog.kind) '\(name)' has no place for '\(word.printable)'; write \(usage)")
            }
            guard options.updateValue(value, forKey: key) == nil else {
                throw ConfigurationError("\(catalog.kind) '\(name)': \(key.printable) is given twice")
            }
        }
        let stage = try catalog.make(name, NamedOptions(options)) {
            (_, reader: inout OptionReader) throws(ConfigurationError) in try type.init(&reader)
        }
        guard let stage = stage as? Stage else { preconditionFailure("a catalog has stages of its kind") }
        return stage
    }
}
