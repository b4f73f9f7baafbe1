// training-throughput MODEL BATCH SAMPLES EPOCHS [THREADS] [PRECISION]
//
// The training rate of one rank: random images in shuffled order, the copy of each batch, forward, backward and the
// optimizer's step. Prints a line per epoch, and one for the forward pass alone.
import FedCore
import NeuralNet

func train() throws {
    var arguments = Array(CommandLine.arguments.dropFirst())
    let modelName = arguments.isEmpty ? "edgecnn-large" : arguments.removeFirst()
    var precision = Precision.single
    if let last = arguments.last.flatMap(Precision.init(rawValue:)) {
        precision = last
        try precision.requireProcessor()
        arguments.removeLast()
    }
    let numbers = arguments.compactMap(Int.init)
    guard numbers.count == arguments.count, numbers.allSatisfy({ $0 > 0 }) else {
        throw ConfigurationError("usage: training-throughput MODEL BATCH SAMPLES EPOCHS [THREADS] [PRECISION]")
    }
    func number(_ position: Int, default value: Int) -> Int { position < numbers.count ? numbers[position] : value }
    let batch = number(0, default: 32)
    let samples = number(1, default: 12_000)
    let epochs = number(2, default: 5)

    let clock = ContinuousClock()
    let model = try Models.standard.named(modelName)
    var plan: Plan?
    let compiling = try clock.measure {
        plan = try Plan(model, batch: batch, purpose: .training, precision: precision, threads: number(3, default: 1))
    }
    guard let plan else { return }
    let optimizer = SGD(learningRate: 0.05, momentum: 0.9)
    try plan.load(model.initialWeights(seed: 1).span)

    var stream = RandomStream(seed: 1, .synthesis)
    let size = model.input.count
    let images = (0..<samples * size).map { _ in stream.uniform() }
    let labels = (0..<samples).map { _ in Int32(stream.integer(below: model.classes)) }
    print("\(model.name) batch \(batch): compiled in \(compiling)")

    for epoch in 0..<epochs {
        var order = Array(0..<samples)
        stream.shuffle(&order)
        var total = BatchResult()
        let duration = try clock.measure {
            for start in stride(from: 0, to: samples, by: batch) {
                let picked = order[start..<min(start + batch, samples)]
                let key = DropoutKey(seed: 1, round: epoch, client: 0, step: start / batch)
                plan.withInput { input in
                    let source = images.span
                    for (row, sample) in picked.enumerated() {
                        let image = source.extracting(sample * size..<(sample + 1) * size)
                        for i in 0..<size { input[unchecked: row * size + i] = image[unchecked: i] }
                    }
                }
                let batchLabels = picked.map { labels[$0] }
                let result = try plan.forwardBackward(labels: batchLabels.span, dropout: key)
                optimizer.step(plan)
                total.lossSum += result.lossSum
                total.correct += result.correct
            }
        }
        let seconds = duration / .seconds(1)
        let rate = Double(samples) / seconds
        let gigaflops = rate * Double(model.trainingFlops) / 1e9
        print(
            "epoch \(epoch): \(Int(rate)) samples/s, \((gigaflops * 10).rounded() / 10) GFLOP/s,",
            "\((seconds / Double((samples + batch - 1) / batch) * 1e7).rounded() / 10) µs a step,",
            "loss \(Float(total.lossSum / Double(samples)))")
    }

    let inference = try Plan(model, batch: batch, purpose: .inference, threads: number(3, default: 1))
    try inference.load(model.initialWeights(seed: 1).span)
    let someLabels = Array(labels.prefix(batch))
    let passes = max(samples / batch, 1)
    let duration = try clock.measure {
        for _ in 0..<passes { _ = try inference.evaluate(labels: someLabels.span) }
    }
    print("evaluation: \(Int(Double(passes * someLabels.count) / (duration / .seconds(1)))) samples/s")
}

try train()
