import FedCore
import Files

extension QuantizedModel {
    /// So many samples are enough for the scales of the activations, unless the user says otherwise.
    public static let usualSamples = 512

    /// Samples that go through the model at once.
    private static let batch = 64

    /// Quantises a trained model; the activations' scales are those of some samples of its training data.
    ///
    /// - Parameters:
    ///   - samples: plain, a whole number of the model's inputs, at least one; some hundred will do.
    ///   - method: what of the activations decides about their scales; weights are on that of their maximum.
    /// - Throws: `ConfigurationError` when the model has a layer that whole numbers cannot do, or its weights or the samples
    ///   are not all finite.
    public init(_ trained: TrainedModel, samples: [Float], method: CalibrationMethod) throws {
        let model = trained.model
        let stages = try Self.stages(of: model)
        precondition(!samples.isEmpty && samples.count % model.input.count == 0, "\(samples.count) values of samples")
        if let defect = WeightDefect.first(in: trained.weights.span, of: model.parameterLayout) {
            throw ConfigurationError("\(model.name) cannot be quantised: \(defect)")
        }
        if let place = samples.firstIndex(where: { !$0.isFinite }) {
            let sample = place / model.input.count
            throw ConfigurationError(
                "\(model.name) cannot be quantised: a pixel of sample \(sample) is NaN or infinite")
        }
        // Bytes on their way from files to floats are whole numbers of 1/255: exactly, by the largest that there is.
        let isSigned = samples.contains { $0 < 0 }
        let input = IntegerScale(largest: samples.reduce(0) { max($0, abs($1)) }, isSigned: isSigned)

        let weighted = stages.filter { $0.weightShape != nil }
        var layers: [Layer] = []
        var (activations, done) = (samples, 0)
        for (i, stage) in weighted.enumerated() {
            guard let shape = stage.weightShape else { continue }
            var output: IntegerScale?
            if i + 1 < weighted.count {
                let end = stage.layers.upperBound
                activations = try Self.activations(of: trained, done..<end, from: activations)
                done = end
                guard activations.allSatisfy(\.isFinite) else {
                    throw ConfigurationError("\(model.name) cannot be quantised: an activation is NaN or infinite")
                }
                output = method.scale(activations, isSigned: !stage.appliesReLU)
            }
            let (weights, biases) = model.folded(stage, trained.weights)
            let (whole, steps) = Self.quantize(weights, channels: shape[0])
            layers.append(
                Layer(
                    index: stage.layers.lowerBound, shape: shape, weights: whole, weightSteps: steps, biases: biases,
                    output: output))
        }
        self.init(model, input: input, layers: layers, metadata: trained.metadata)
    }

    /// Each channel on the scale of its largest weight.
    static func quantize(_ weights: [Float], channels: Int) -> (whole: [Int8], steps: [Float]) {
        let perChannel = weights.count / channels
        var (whole, steps): ([Int8], [Float]) = ([], [])
        whole.reserveCapacity(weights.count)
        for channel in 0..<channels {
            let row = weights[channel * perChannel..<(channel + 1) * perChannel]
            let scale = IntegerScale(largest: row.reduce(0) { max($0, abs($1)) }, isSigned: true)
            steps.append(scale.step)
            // The largest could be rounded to 128 where the step is subnormal.
            whole += row.map { Int8(max(-127, min(127, ($0 / scale.step).rounded(.toNearestOrEven)))) }
        }
        return (whole, steps)
    }

    /// What some of the layers put out for all samples.
    /// - Parameter inputs: what the layers before them put out.
    private static func activations(
        of trained: TrainedModel, _ layers: Range<Int>, from inputs: [Float]
    ) throws(OneDNNError) -> [Float] {
        let part = trained.model.part(layers)
        let (inputSize, outputSize) = (part.input.count, part.output.count)
        let count = inputs.count / inputSize
        let plan = try Plan(part, batch: min(batch, count), purpose: .inference)
        let weights = Array(trained.weights[trained.model.parameterRange(ofLayers: layers)])
        try plan.load(weights.span)
        var outputs: [Float] = []
        outputs.reserveCapacity(count * outputSize)
        for start in stride(from: 0, to: count, by: plan.batch) {
            let samples = min(plan.batch, count - start)
            plan.withInput { input in
                for i in 0..<samples * inputSize { input[i] = inputs[start * inputSize + i] }
            }
            try plan.forward(samples)
            plan.withOutput { output in
                for i in 0..<samples * outputSize { outputs.append(output[i]) }
            }
        }
        return outputs
    }
}
