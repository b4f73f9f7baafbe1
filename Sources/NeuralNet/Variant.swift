/// A trained model as it is served: its weights at a precision.
public struct Variant: Sendable {
    public enum Precision: String, Sendable, Codable, CaseIterable {
        case float32 = "f32"
    }

    public let trained: TrainedModel
    public let precision: Precision

    public init(_ trained: TrainedModel) {
        self.trained = trained
        precision = .float32
    }

    public var model: Model { trained.model }

    /// E.g. `edgecnn-large f32`.
    public var name: String { "\(model.name) \(precision.rawValue)" }

    /// Bytes of the weights as they are sent to a device and stored there.
    public var byteCount: Int { 4 * model.parameterCount }

    /// Compiles the variant, with its weights loaded.
    /// - Parameter threads: OpenMP threads of each pass.
    public func plan(batch: Int, threads: Int = 1) throws(OneDNNError) -> any InferencePlan {
        let plan = try Plan(model, batch: batch, purpose: .inference, threads: threads)
        try plan.load(trained.weights.span)
        return plan
    }
}
