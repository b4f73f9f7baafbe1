public import FedCore

/// A kind of layer that a model's text can name.
///
/// To add one, write the layer's file with its kind in `Layers/`, and one line in ``LayerKinds/all``.
public struct LayerKind: Sendable {
    /// Its word in the text, e.g. `conv`.
    public let name: String
    /// The form of what follows, e.g. `WIDTH KxK [stride S]`.
    public let usage: String
    /// One line for a list of kinds.
    public let summary: String
    /// Whether the words behind it are names of further layers that it takes.
    let joinsNamed: Bool
    /// Whether an image before it is flattened.
    let flattensImages: Bool
    /// Makes the layer; what it does not read is refused.
    let make: @Sendable (inout LayerArguments) throws(ConfigurationError) -> any Layer

    /// Declares a kind.
    /// - Parameters:
    ///   - name: its word in the text.
    ///   - usage: the form of what follows.
    ///   - summary: one line for a list of kinds.
    ///   - joinsNamed: whether the words behind it are names of further layers that it takes.
    ///   - flattensImages: whether an image before it is flattened.
    ///   - make: makes the layer of its arguments.
    public init(
        _ name: String, _ usage: String = "", _ summary: String, joinsNamed: Bool = false, flattensImages: Bool = false,
        make: @escaping @Sendable (inout LayerArguments) throws(ConfigurationError) -> any Layer
    ) {
        self.name = name
        self.usage = usage
        self.summary = summary
        self.joinsNamed = joinsNamed
        self.flattensImages = flattensImages
        self.make = make
    }
}
