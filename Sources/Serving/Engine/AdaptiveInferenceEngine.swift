import FedCore
public import NeuralNet

/// Answers requests for one image each by the most accurate variant that copes with the load.
///
/// All variants are compiled and loaded beforehand, so a switch costs nothing. Plans and clock come from outside: the
/// engine does not know whether time is real or simulated. Not thread-safe: use it on one thread at a time; a pass runs
/// on as many threads as its plan was made for.
///
/// ```swift
/// let engine = AdaptiveInferenceEngine(steps, policy: AdaptationPolicy(target: 0.02), clock: RealClock())
/// let answer = try engine.predict(image)
/// print(answer.label, answer.latency, engine.step)
/// ```
public final class AdaptiveInferenceEngine {
    /// A step of the ladder of variants.
    public struct Step {
        /// The variant's name.
        public let name: String
        /// The variant, compiled for batches of at least one image.
        public let plan: any InferencePlan
        /// Mean seconds of one image, as benchmarked on the engine's clock.
        public let service: Double

        /// A step.
        ///
        /// - Parameters:
        ///   - name: The variant's name.
        ///   - plan: The compiled variant.
        ///   - service: Mean seconds of one image on the engine's clock.
        public init(name: String, plan: any InferencePlan, service: Double) {
            self.name = name
            self.plan = plan
            self.service = service
        }
    }

    /// The answer to a request.
    public struct Prediction: Sendable {
        /// The class with the largest score; of equals the first.
        public let label: Int
        /// The step that answered.
        public let step: Int
        /// Time of computing, on the engine's clock.
        public let service: Duration
        /// Time from the request's arrival to its answer, on the engine's clock.
        public let latency: Duration
    }

    /// The ladder, the most accurate first.
    public let steps: [Step]
    private let clock: any ServingClock
    private var stepper: VariantStepper
    private let policy: AdaptationPolicy
    /// The step that it is held at; nil: the stepper decides.
    private var held: Int?

    /// Makes an engine that begins with the most accurate variant.
    ///
    /// - Parameters:
    ///   - steps: The most accurate first, each next one faster; models with equal inputs.
    ///   - policy: When to change.
    ///   - clock: The time that the device lives in.
    /// - Precondition: There is a step.
    public init(_ steps: [Step], policy: AdaptationPolicy, clock: any ServingClock) {
        self.steps = steps
        self.clock = clock
        self.policy = policy
        stepper = VariantStepper(policy, services: steps.map(\.service))
    }

    /// The step that answers the next request.
    public var step: Int { held ?? stepper.step }
    /// All changes so far, in order.
    public var switches: [VariantSwitch] { stepper.switches }

    /// Holds it at a step, whatever the latencies: while it is tried, it has a share of the requests only, and is compared with another one.
    func hold(at step: Int) { held = step }

    /// Lets latencies decide from here on, beginning with the step that it was held at.
    func resume() {
        guard let held else { return }
        stepper = VariantStepper(policy, services: steps.map(\.service), step: held, since: clock.now.inSeconds)
        self.held = nil
    }

    /// Answers a request, and changes the variant for the next one if the latest latencies ask for it.
    ///
    /// - Parameters:
    ///   - image: The image's numbers, as many as the models' input has, one channel behind another.
    ///   - arrival: When the request came, on the engine's clock. nil: it comes at this moment, because the one before
    ///     was answered; its latency is then its computing alone.
    /// - Returns: The class, and what it took.
    /// - Throws: `OneDNNError`.
    /// - Complexity: One pass; a decision costs O(window), every eighth time O(window log window).
    public func predict(_ image: Span<Float>, arrival: Duration? = nil) throws(OneDNNError) -> Prediction {
        let step = self.step
        let plan = steps[step].plan
        let start = clock.now
        var label = 0
        let service = try clock.time { () throws(OneDNNError) in
            label = try plan.classify(image)
        }
        let end = clock.now
        let latency = end - (arrival ?? start)
        if held == nil {
            _ = stepper.observe(
                VariantStepper.Response(
                    end: end.inSeconds, latency: latency.inSeconds, service: service.inSeconds,
                    arrival: arrival?.inSeconds))
        }
        return Prediction(label: label, step: step, service: service, latency: latency)
    }
}

extension InferencePlan {
    /// Classifies one image: copies it in, computes, and takes the class with the largest score, of equals the first.
    ///
    /// - Parameter image: As many numbers as the model's input has.
    /// - Precondition: The image has the model's input's length.
    public func classify(_ image: Span<Float>) throws(OneDNNError) -> Int {
        precondition(image.count == model.input.count, "an image of \(image.count) floats for \(model.name)")
        withInput { input in
            for i in 0..<image.count { input[unchecked: i] = image[unchecked: i] }
        }
        try forward(1)
        let classes = model.classes
        return withOutput { $0.extracting(first: classes).argmax }
    }
}
