public import FedCore

/// A model of the catalog before its data are known: it takes their shape and their number of outputs.
public struct Architecture: Sendable {
    /// Its name, for `--model`.
    public let name: String
    /// One line about it, with its source.
    public let summary: String
    /// The data that it was made for; `fedmpi models` describes it for these, unless others are given.
    public let natural: DataForm
    /// Its layers for some data, as ``ModelText`` reads them.
    private let layers: @Sendable (DataForm) throws(ConfigurationError) -> String

    /// Declares an architecture whose text is the same for all data.
    /// - Parameters:
    ///   - name: its name in the catalog.
    ///   - summary: one line about it.
    ///   - natural: the data that it was made for.
    ///   - layers: its layers, as ``ModelText`` reads them; they end with a `linear` without a width.
    public init(_ name: String, _ summary: String, for natural: DataForm, layers: String) {
        self.init(name, summary, for: natural) { (_) throws(ConfigurationError) in layers }
    }

    /// Declares an architecture.
    /// - Parameters:
    ///   - name: its name in the catalog.
    ///   - summary: one line about it.
    ///   - natural: the data that it was made for.
    ///   - layers: gives its layers for some data.
    public init(
        _ name: String, _ summary: String, for natural: DataForm,
        layers: @escaping @Sendable (DataForm) throws(ConfigurationError) -> String
    ) {
        self.name = name
        self.summary = summary
        self.natural = natural
        self.layers = layers
    }

    /// The model for some data.
    /// - Parameter form: shape of a sample, and number of outputs; what the architecture was made for by default.
    /// - Throws: `ConfigurationError` when it does not take such data: it names the layer and the shapes.
    public func model(for form: DataForm? = nil) throws(ConfigurationError) -> Model {
        let form = form ?? natural
        return try ModelText(try layers(form), name: name).model(for: form, text: name)
    }

    /// The model for the data that it was made for.
    /// - Precondition: its text is right.
    public var naturalModel: Model {
        do { return try model() } catch { preconditionFailure("\(error)") }
    }
}
