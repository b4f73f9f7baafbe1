public import NeuralNet

/// Answers requests for one image each by the most accurate variant that copes with the load.
///
/// All variants are compiled and loaded beforehand; a switch costs nothing. Use it on one thread at a time; a pass runs on
/// as many threads as its plan was made for.
public final class AdaptiveInferenceEngine {
    /// A step of the ladder.
    public struct Step {
        public let name: String
        /// For batches of at least one image.
        public let plan: any InferencePlan
        /// Mean seconds of one image, as benchmarked.
        public let service: Double

        public init(name: String, plan: any InferencePlan, service: Double) {
            self.name = name
            self.plan = plan
            self.service = service
        }
    }

    /// The answer to a request.
    public struct Prediction: Sendable {
        /// The class with the largest score.
        public let label: Int
        /// The step that answered.
        public let step: Int
        /// Computing, and from the request's arrival to its answer.
        public let service: Duration
        public let latency: Duration
    }

    public let steps: [Step]
    private let clock: any ServingClock
    private var stepper: VariantStepper

    /// - Parameter steps: the most accurate first, each next one faster; of models with equal inputs.
    /// - Precondition: there is a step.
    public init(_ steps: [Step], policy: AdaptationPolicy, clock: any ServingClock) {
        self.steps = steps
        self.clock = clock
        stepper = VariantStepper(policy, services: steps.map(\.service))
    }

    /// The step that answers the next request.
    public var step: Int { stepper.step }
    public var switches: [VariantSwitch] { stepper.switches }

    /// Answers a request, and changes the variant for the next one if this one's latency asks for it.
    ///
    /// - Parameters:
    ///   - image: plain, of the models' input.
    ///   - arrival: when the request came, on the engine's clock; nil: it comes at this moment, because the one before
    ///     was answered.
    public func predict(_ image: Span<Float>, arrival: Duration? = nil) throws(OneDNNError) -> Prediction {
        let step = stepper.step
        let plan = steps[step].plan
        let start = clock.now
        var label = 0
        let service = try clock.time { () throws(OneDNNError) in
            label = try plan.classify(image)
        }
        let end = clock.now
        let latency = end - (arrival ?? start)
        _ = stepper.observe(
            VariantStepper.Response(
                end: end.inSeconds, latency: latency.inSeconds, service: service.inSeconds,
                arrival: arrival?.inSeconds))
        return Prediction(label: label, step: step, service: service, latency: latency)
    }
}

extension InferencePlan {
    /// One image's class: copies it in, computes, and takes the largest score; of equals the first.
    /// - Precondition: the image has the model's input's length.
    public func classify(_ image: Span<Float>) throws(OneDNNError) -> Int {
        precondition(image.count == model.input.count, "an image of \(image.count) floats for \(model.name)")
        withInput { input in
            for i in 0..<image.count { input[unchecked: i] = image[unchecked: i] }
        }
        try forward(1)
        let classes = model.classes
        return withOutput { scores in
            var best = 0
            for i in 1..<classes where scores[i] > scores[best] { best = i }
            return best
        }
    }
}
