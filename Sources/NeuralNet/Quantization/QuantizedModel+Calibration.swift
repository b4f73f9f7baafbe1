import FedCore
import Files

extension QuantizedModel {
    /// The number of samples from which the scales of activations are found, unless the user gives another.
    public static let usualSamples = 512

    /// Samples of a pass of the calibration.
    private static let batch = 64

    /// Quantises a trained model without training it again. The scales of its activations are found by a forward pass
    /// in 32 bits over some samples of the training data (calibration).
    ///
    /// - Parameters:
    ///   - trained: the model with 32-bit weights.
    ///   - samples: plain images `[count, channels, height, width]`, at least one; some hundred will do.
    ///   - method: rule for the scales of activations; a weight's scale is always that of its channel's maximum.
    /// - Throws: `ConfigurationError` when the model has a layer that cannot be quantised, or weights, samples or
    ///   activations are not all finite; `OneDNNError` when a pass fails.
    /// - Complexity: one forward pass over the samples; inputs and outputs of a stage are in memory for all samples.
    /// - Precondition: `samples` is a whole number of images.
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
            let (weights, biases) = model.folded(
                stage.layers.filter { !(model.layers[$0] is ReLU) }, trained.weights.span)
            let (whole, steps) = Self.quantize(weights, channels: shape[0])
            layers.append(
                Layer(
                    index: stage.layers.lowerBound, shape: shape, weights: whole, weightSteps: steps, biases: biases,
                    output: output))
        }
        self.init(model, input: input, layers: layers, metadata: trained.metadata)
    }

    /// Rounds weights to the nearest whole numbers, each channel on the scale of its largest weight.
    /// - Parameters:
    ///   - weights: `[channels, …]`, row-major.
    ///   - channels: number of output channels.
    /// - Returns: the whole numbers, −127…127, and the step of each channel.
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

    /// The outputs of some consecutive layers for all samples, in 32 bits.
    /// - Parameters:
    ///   - trained: the model with 32-bit weights.
    ///   - layers: indices of the layers.
    ///   - inputs: outputs of the layers before them, sample by sample.
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
