import Datasets
import FedCore
import NeuralNet
import Records
import Runtime

/// Local training: *ClientUpdate(k, w)* of McMahan et al. 2017, Algorithm 1, for one client after the other on one
/// compiled model.
///
/// ```
/// for each local epoch i from 1 to E      runEpochs: --epochs, or --local-steps
///     for batch b ∈ split(Pₖ, B)          shuffled by ClientRandomness, --batch-size
///         w ← w − η ∇ℓ(w; b)              step, the hooks' corrections, the optimizer
/// return w − w₀ to the server             UpdateWriter
/// ```
///
/// Around it stands what other algorithms need: a gradient over all data (`LocalWork`), corrections of each gradient
/// (`StepHook`), a second model that stays with the client (Ditto), a teacher's targets. Nothing is carried over from
/// one client to the next, so that any rank may train any client to the same bits.
final class LocalTrainer {
    let job: Job
    /// The model compiled for training with batches of `job.batchSize`; holds weights, gradients, momentum.
    let plan: Plan
    private(set) var optimizer: Optimizer
    let timeline: Timeline
    /// The samples of the current epoch, or step, in the order they are trained on.
    var order: [UInt32] = []
    private var labels: [Int32]
    /// Samples of a step of the client that is trained.
    private(set) var batch: Int
    /// Nil unless clients learn from a teacher.
    private let teacher: TeacherLogitCache?
    /// Targets for the samples in the plan's input: the teacher's, `[batch, classes + 1]`, or those of a loss that takes
    /// targets, `[batch, outputs]`; empty where labels are all.
    private var targets: [Float]
    /// The weights that training started from, in the plan's order, as is the drift.
    private var anchor: [Float] = []
    /// The strategy's drift term for this client, such as SCAFFOLD's c − cᵢ.
    private var drift: [Float] = []
    /// Gradient over all of the client's data at the global weights, in the canonical order.
    private var gradient: [Float] = []
    private let writer: UpdateWriter
    /// Whether the client has samples of each class, where its loss leaves the other classes' scores out; empty elsewhere.
    private var heldClasses: [Bool] = []
    /// The model whose weights are trained.
    private let part: Model
    /// Lengths of what crosses, of the model that is trained here.
    private let vectors: JobVectors
    /// Scratch memory of the augmentation: a plane of a picture.
    private var plane: [Float]
    /// Hooks on the gradients of the global model, and of clients' own ones.
    private let gradientHooks: [any StepHook]
    private let ownModelHooks: [any StepHook]
    /// Hooks that change the samples of the client that is trained.
    private var sampleHooks: [any StepHook] = []
    /// The client, round and attempt under way.
    private(set) var turn: ClientTurn
    /// Nil unless gradients are clipped sample by sample and get noise.
    private let privateTraining: PrivateTraining?
    /// The norm that updates are clipped to in this round, where it adapts.
    var clip: Float?

    /// Compiles the model, and the teacher if there is one. Seconds at most; memory: the plan's.
    /// - Parameter narrowed: the model of clients that train a part of the job's; nil trains all of it.
    init(_ job: Job, _ timeline: Timeline, narrowed: Model? = nil) throws {
        self.timeline = timeline
        let settings = job.settings
        self.job = job
        vectors = try narrowed.map { try job.vectors(of: $0) } ?? job.vectors
        writer = try UpdateWriter(job, vectors)
        gradientHooks = job.stepHooks.filter { $0.changesGradient(ofOwnModel: false) }
        ownModelHooks = job.stepHooks.filter { $0.changesGradient(ofOwnModel: true) }
        turn = ClientTurn(client: 0, round: 0, samples: 0, seed: settings.seed)
        let batch = job.batchSize
        try settings.precision.requireProcessor()
        part = narrowed ?? job.model
        // At several exits, of which the scores stand one behind another.
        let trained = job.submodels?.exitsLoss(of: part, round: 1) == nil ? part : part.separatedExits
        plan = try Plan(
            trained, batch: job.samplePrivacy == nil ? batch : job.samplesOfPass, purpose: .training,
            clipsSamples: job.samplePrivacy != nil, precision: settings.precision, threads: settings.threads)
        privateTraining = try PrivateTraining(job, plan)
        optimizer = job.optimizer
        labels = [Int32](repeating: 0, count: batch)
        self.batch = batch
        plane = [Float](repeating: 0, count: job.augmentation.map { $0.height * $0.width } ?? 0)
        teacher = try job.distillation.map {
            try TeacherLogitCache($0, job.data.train, threads: settings.threads)
        }
        let width =
            teacher != nil
            ? DistillationLoss.targetCount(classes: job.model.classes) : job.loss.takesLabels ? 0 : job.task.outputs
        targets = [Float](repeating: 0, count: batch * width)
    }

    /// Trains one client from the global weights.
    ///
    /// In this order: ask the teacher, if there is one; make the strategy's drift; load the weights; find the gradient
    /// over all data, if the strategy wants it; run the epochs; write what is sent and kept; train the client's own
    /// model, if it has one.
    ///
    /// - Parameters:
    ///   - client: number of the client.
    ///   - samples: indices of its samples in the training set.
    ///   - round: number and attempt.
    ///   - down: the model's global weights, then what the strategy sends beside them, `[vectors.down]`.
    ///   - slot: `[vectors.slot]`: ends with the client's state; receives what it sends, and its new state.
    ///   - shouldContinue: called after each step with the samples it saw; false ends the training there.
    /// - Returns: samples that the update weighs, steps, loss; `partial` if it was ended early.
    /// - Throws: what `shouldContinue` throws; errors of oneDNN.
    /// - Complexity: `trainedSamples(holding:)` forward and backward passes; O(parameters) beside them.
    func train(
        client: Int, samples: ArraySlice<UInt32>, round: RoundID, down: Span<Float>, slot: inout MutableSpan<Float>,
        shouldContinue: (Int) throws -> Bool
    ) throws -> LocalResult {
        turn = ClientTurn(
            client: client, round: round.number, attempt: round.attempt, samples: samples.count,
            seed: job.settings.seed, clip: clip)
        batch = job.batchSize(ofClient: client)
        sampleHooks = job.stepHooks.filter { $0.changesSamples(of: client) }
        if job.strategy.submodels?.masksAbsentClasses == true {
            heldClasses = [Bool](repeating: false, count: part.classes)
            for sample in samples { heldClasses[Int(job.data.train.label(Int(sample)))] = true }
        }
        guard try computeTargets(for: samples, of: client, shouldContinue) else {
            var result = LocalResult()
            result.status = .partial
            return result
        }
        let shared = down.extracting(0..<vectors.sharedCount)
        let broadcast = down.extracting(vectors.sharedCount...)
        timeline.enter(.load, client: client)
        optimizer.learningRate = job.learningRate(round: round.number)
        if job.strategy.traffic.hasDrift {
            try prepareDrift(broadcast, slot.span.extracting(vectors.up..<vectors.up + vectors.strategyState))
        }
        var start: [Float] = []
        if vectors.personal.isEmpty {
            try plan.load(shared)
        } else {
            start = writer.ownModel(shared: shared, slot: slot.span)
            try plan.load(start.span)
        }
        plan.resetOptimizer()
        if gradientHooks.contains(where: { $0.usesAnchor(ofOwnModel: false) }) { keepAnchor() }

        timeline.enter(.train, client: client)
        timeline.note(clients: 1)
        var result = LocalResult(samples: samples.count)
        var initialLoss = Double.nan
        if job.strategy.localWork != .training {
            let found = try findGradient(samples, shouldContinue)
            // The gradient's forward passes have moved running statistics, which only a step's may.
            if job.strategy.localWork == .trainingAfterGradient, !vectors.statistics.isEmpty {
                if vectors.personal.isEmpty { try plan.load(shared) } else { try plan.load(start.span) }
            }
            result.loss = found.loss
            initialLoss = found.loss
            if found.samples < samples.count {
                result.status = .partial
                result.samples = job.strategy.localWork == .fullBatchStep ? found.samples : 0
            }
        }
        switch job.strategy.localWork {
        case .fullBatchStep:
            guard result.samples > 0 else { break }
            correct(TrainingStep(turn, number: 0))
            optimizer.step(plan)
            result.steps = 1
        case .training, .trainingAfterGradient:
            guard result.status == .complete else { break }
            if let privateTraining {
                try runPrivateSteps(samples, round: round, privateTraining, &result, shouldContinue)
            } else {
                try runEpochs(samples, round: round, &result, shouldContinue)
            }
        }
        timeline.enter(.encode, client: client)
        if vectors.personal.isEmpty {
            let work = FinishedWork(
                initialLoss: initialLoss, steps: result.steps, learningRate: Double(optimizer.learningRate),
                momentum: Double(job.localMomentum))
            let gradient = self.gradient
            try writer.write(
                plan, global: shared, broadcast: broadcast, gradient: gradient.span, work, in: turn, into: &slot)
        } else {
            try writer.write(plan, from: start.span, in: turn, into: &slot)
        }
        if job.strategy.personalization == .model, result.status == .complete {
            try trainOwnModel(samples, client: client, round: round, shared, &slot, shouldContinue)
        }
        return result
    }

    /// Trains the client's own model (Ditto), from its state, tied to the global weights by the strategy.
    private func trainOwnModel(
        _ samples: ArraySlice<UInt32>, client: Int, round: RoundID, _ global: Span<Float>,
        _ slot: inout MutableSpan<Float>, _ shouldContinue: (Int) throws -> Bool
    ) throws {
        timeline.enter(.load, client: client)
        try plan.load(global)
        keepAnchor()
        let own = writer.ownModel(shared: global, slot: slot.span)
        try plan.load(own.span)
        plan.resetOptimizer()
        timeline.enter(.train, client: client)
        var result = LocalResult(samples: samples.count)
        try runEpochs(samples, round: round, ofOwnModel: true, &result, shouldContinue)
        timeline.enter(.encode, client: client)
        try writer.writeOwn(plan, into: &slot)
    }

    /// Runs the local epochs, or as many steps as `--local-steps` says. `result.loss` is the mean over the last epoch's
    /// samples so far, each at the weights its batch saw. What a training weighs that is ended early, ``LocalResult/endEarly(holding:lastStep:seen:)`` says.
    /// - Parameter ofOwnModel: selects other streams of batches and dropout, and other hooks.
    private func runEpochs(
        _ samples: ArraySlice<UInt32>, round: RoundID, ofOwnModel: Bool = false, _ result: inout LocalResult,
        _ shouldContinue: (Int) throws -> Bool
    ) throws {
        let settings = job.settings
        let streams = ClientRandomness(
            settings, client: turn.client, round: round, samples: samples.count, batch: batch,
            ofOwnModel: ofOwnModel)
        // Steps end the training within an epoch, or after any number of them.
        let lastStep = settings.localSteps ?? .max
        let epochs = settings.localSteps == nil ? settings.epochs : samples.isEmpty ? 0 : .max
        // For each local epoch, for each batch b of it: w ← w − η∇ℓ(w; b).
        for epoch in 0..<epochs {
            shuffle(samples, by: streams.order(epoch: epoch))
            var loss = 0.0
            for start in stride(from: 0, to: order.count, by: batch) {
                let count = min(batch, order.count - start)
                loss += try step(
                    from: start, count: count, streams.dropout(step: result.steps),
                    streams.augmentation(step: result.steps))
                correct(TrainingStep(turn, number: result.steps, isOfOwnModel: ofOwnModel))
                optimizer.step(plan)
                result.steps += 1
                let seen = start + count
                timeline.note(samples: count)
                result.loss = loss / Double(seen)
                let isDone = epoch == epochs - 1 && seen == order.count || result.steps == lastStep
                guard try shouldContinue(count) || isDone else {
                    result.endEarly(
                        holding: samples.count, lastStep: settings.localSteps, seen: epoch == 0 ? seen : nil)
                    return
                }
                if result.steps == lastStep { return }
            }
        }
    }

    /// Finds the gradient of the mean loss over a client's data at the current weights, without dropout, and leaves it
    /// in the plan and in `gradient`.
    /// - Returns: the mean loss, and the samples seen; fewer than there are when it was ended early.
    private func findGradient(
        _ samples: ArraySlice<UInt32>, _ shouldContinue: (Int) throws -> Bool
    ) throws -> (loss: Double, samples: Int) {
        order = Array(samples)
        var sum: [Float] = []
        var loss = 0.0
        var seen = 0
        for start in stride(from: 0, to: order.count, by: batch) {
            let count = min(batch, order.count - start)
            loss += try step(from: start, count: count, nil, nil)
            plan.withGradients { gradients, _ in
                if sum.isEmpty { sum = [Float](repeating: 0, count: gradients.count) }
                var sum = sum.mutableSpan
                sum.add(gradients.span, times: Float(count))
            }
            seen += count
            timeline.note(samples: count)
            guard try shouldContinue(count) || seen == order.count else { break }
        }
        guard seen > 0 else { return (.nan, 0) }
        plan.withGradients { gradients, _ in
            for i in 0..<gradients.count { gradients[unchecked: i] = sum[i] / Float(seen) }
        }
        var canonical = [Float](repeating: 0, count: plan.model.parameterCount)
        var span = canonical.mutableSpan
        try plan.storeGradients(into: &span)
        gradient = canonical
        return (loss / Double(seen), seen)
    }

    /// Runs forward and backward on `order[start ..< start + count]`. Returns the summed loss.
    /// - Parameter changes: draws the changes of the pictures; nil leaves them as they are.
    func step(
        from start: Int, count: Int, _ dropout: DropoutKey?, _ changes: RandomStream?
    ) throws -> Double {
        let order = self.order
        let samples = order.span.extracting(start..<start + count)
        plan.read(samples, of: job.data.train, labels: &labels)
        prepare(samples, in: plan, &labels)
        if let augmentation = job.augmentation, let changes {
            var plane = plane.mutableSpan
            plan.withInput { images in augmentation.apply(to: &images, count: count, changes, plane: &plane) }
        }
        guard job.loss.takesLabels else {
            var room = self.targets.mutableSpan
            job.data.train.readTargets(samples, into: &room)
            let targets = self.targets
            let truth = targets.span.extracting(0..<count * job.task.outputs)
            return try plan.forwardBackward(targets: truth, loss: job.loss, dropout: dropout).lossSum
        }
        let labels = self.labels
        let truth = labels.span.extracting(0..<count)
        if let exits = job.submodels?.exitsLoss(of: part, round: turn.round) {
            return try plan.forwardBackward(labels: truth, exits: exits, dropout: dropout).lossSum
        }
        if !heldClasses.isEmpty {
            return try plan.forwardBackward(labels: truth, held: heldClasses, dropout: dropout).lossSum
        }
        guard let teacher else {
            return try plan.forwardBackward(labels: truth, loss: job.loss, dropout: dropout).lossSum
        }
        teacher.read(samples, into: &targets)
        let targets = self.targets
        return try plan.forwardBackward(labels: truth, targets: targets.span, of: teacher.loss, dropout: dropout)
            .lossSum
    }

    /// Has the teacher see what the client trains on, as the client sees it. Returns false when it was ended.
    private func computeTargets(
        for samples: ArraySlice<UInt32>, of client: Int, _ shouldContinue: (Int) throws -> Bool
    ) throws -> Bool {
        guard let teacher else { return true }
        timeline.enter(.evaluate, client: client)
        return try teacher.compute(
            for: samples, of: client, prepare: { prepare($1, in: $0, &$2) },
            shouldContinue: { count in
                timeline.note(samples: count)
                // It is no training, and takes no simulated time.
                return try shouldContinue(0)
            })
    }

    /// Has the hooks change the samples in a plan's input.
    private func prepare(_ samples: Span<UInt32>, in plan: Plan, _ labels: inout [Int32]) {
        guard !sampleHooks.isEmpty else { return }
        var labels = labels.mutableSpan
        plan.withInput { images in
            for hook in sampleHooks { hook.prepare(&images, labels: &labels, of: samples, in: turn) }
        }
    }

    /// Has the hooks change the gradient that the backward pass has left in the plan, in the plan's order of elements.
    func correct(_ step: TrainingStep) {
        let hooks = step.isOfOwnModel ? ownModelHooks : gradientHooks
        guard !hooks.isEmpty else { return }
        let (anchor, drift) = (anchor, drift)
        plan.withGradients { gradients, weights in
            for hook in hooks {
                hook.correct(&gradients, weights: weights, anchor: anchor.span, drift: drift.span, in: step)
            }
        }
    }

    /// Puts an epoch's samples into the order that its stream draws. O(samples).
    private func shuffle(_ samples: ArraySlice<UInt32>, by stream: RandomStream) {
        order.removeAll(keepingCapacity: true)
        order.append(contentsOf: samples)
        var random = stream
        random.shuffle(&order)
    }

    /// Copies the plan's weights: what training started from.
    private func keepAnchor() {
        copyWeights(into: &anchor)
    }

    /// Brings the strategy's drift into the plan's order, by way of the plan's weights, which are loaded after it.
    private func prepareDrift(_ broadcast: Span<Float>, _ state: Span<Float>) throws {
        var canonical = [Float](repeating: 0, count: plan.model.parameterCount)
        var span = canonical.mutableSpan
        job.strategy.prepare(&span, broadcast: broadcast, state: state)
        try plan.load(canonical.span)
        copyWeights(into: &drift)
    }

    /// Copies the plan's weights, in the plan's order. O(parameters).
    private func copyWeights(into copy: inout [Float]) {
        copy.removeAll(keepingCapacity: true)
        plan.withWeights { weights in
            copy.reserveCapacity(weights.count)
            for i in 0..<weights.count { copy.append(weights[unchecked: i]) }
        }
    }
}
