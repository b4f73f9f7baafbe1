import FedCore

extension Model {
    /// What a weights file says of the model, by key.
    public var metadata: [String: String] {
        var metadata: [String: String] = [:]
        ModelMetadata.note(self, in: &metadata)
        return metadata
    }
}

/// What a weights file says of its model, among its metadata.
enum ModelMetadata {
    /// Writes a model's text, and the data that it is for.
    ///
    /// The shapes are left out where they are those of all files of older versions, 1×28×28 and ten classes.
    static func note(_ model: Model, in metadata: inout [String: String]) {
        metadata["model"] = model.text
        guard model.form != .grey28 || ModelText.isText(model.text) else { return }
        metadata["model_input"] = model.input.extents.map(String.init).joined(separator: "x")
        metadata["model_outputs"] = "\(model.classes)"
    }

    /// The data that a file's model is for; nil where the file does not say.
    /// - Throws: `ConfigurationError` when it says something impossible.
    static func form(in metadata: [String: String]) throws(ConfigurationError) -> DataForm? {
        guard let input = metadata["model_input"], let count = metadata["model_outputs"] else { return nil }
        let extents = input.split(separator: "x", omittingEmptySubsequences: false).map { Int($0) ?? 0 }
        guard (1...3).contains(extents.count), extents.allSatisfy({ (1...1 << 20).contains($0) }),
            extents.reduce(1, *) <= 1 << 28, let outputs = Int(count), (1...1 << 20).contains(outputs)
        else {
            throw ConfigurationError(
                "says that its model takes \(input.printable) and puts out \(count.printable), which no model does")
        }
        return DataForm(Shape(extents), outputs: outputs)
    }
}
