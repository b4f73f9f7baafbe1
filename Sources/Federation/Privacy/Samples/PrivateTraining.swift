import Cryptography
import FedCore
import NeuralNet
import Records
import Runtime

/// What a rank needs for DP-SGD beside the plan; one for all clients that it trains.
final class PrivateTraining {
    let privacy: SamplePrivacy
    let key: NoiseKey
    /// Where the plan's gradients have elements, and no padding.
    let ranges: [Range<Int>]
    /// Canaries among the samples; nil unless this is an audit.
    let canaries: CanaryRecord?
    /// Sums of clipped gradients, of a batch that takes several passes.
    var sum: [Float] = []

    /// Takes what it needs of the job; nil without DP-SGD.
    /// - Throws: an error of oneDNN; `ConfigurationError` when there is no key.
    init?(_ job: Job, _ plan: Plan) throws {
        guard let privacy = job.samplePrivacy else { return nil }
        self.privacy = privacy
        key = try job.requiredNoiseKey()
        ranges = try plan.trainedRanges
        canaries = job.canaries
    }
}

extension LocalTrainer {
    /// Runs the local epochs, or as many steps as `--local-steps` says, with gradients that are clipped sample by sample and noise
    /// in every step (``SamplePrivacy``). The number of steps depends on how many samples a client has, and on nothing else of
    /// them; no loss is reported.
    ///
    /// What is told of the progress is what a step sees on average: the true size of a Poisson sample is secret.
    func runPrivateSteps(
        _ samples: ArraySlice<UInt32>, round: RoundID, _ training: PrivateTraining, _ result: inout LocalResult,
        _ shouldContinue: (Int) throws -> Bool
    ) throws {
        let privacy = training.privacy
        let streams = ClientRandomness(
            job.settings, client: turn.client, round: round, samples: samples.count, batch: batch)
        let expected = privacy.expected(holding: samples.count)
        let steps = samples.isEmpty ? 0 : privacy.steps(holding: samples.count)
        let stepsOfEpoch = max(privacy.stepsOfEpoch(samples.count), 1)
        var noise = NormalNoise(training.key.keyStream(.noise, client: turn.client, round))
        var batches = SampleBatches(
            samples, size: expected, streams,
            draws: privacy.isPoisson ? training.key.keyStream(.batches, client: turn.client, round) : nil)
        let adaptive = privacy.adaptive(holding: samples.count)
        let multiplier = adaptive.flatMap { $0.updateNoise(privacy.noise) } ?? privacy.noise
        var clip = privacy.clip
        var pass = 0
        for step in 0..<steps {
            batches.next(into: &order)
            let canaries = training.canaries?.takeOut(of: &order, in: turn) ?? []
            let within = try sumClipped(training, privacy.isPerLayer ? .perLayer(clip) : .flat(clip), streams, &pass)
            plan.withGradients { gradients, _ in
                let others = training.canaries?.plant(canaries, into: &gradients, training.ranges, turn, step: step)
                for range in training.ranges {
                    var part = gradients.part(range)
                    noise.add(
                        to: &part, deviation: Float(multiplier) * clip, factor: 1 / Float(expected))
                }
                training.canaries?.observe(
                    gradients.span, besides: others ?? [], canaries, training.ranges, turn, step: step,
                    times: Float(expected))
            }
            if let adaptive {
                // Half for each gradient below the clip, minus half for each above: one sample moves the sum by half.
                var sum = [Float(2 * within - order.count) * AdaptiveClipping.indicator]
                var span = sum.mutableSpan
                noise.add(to: &span, deviation: Float(adaptive.countNoise), factor: 1 / Float(expected))
                clip = Float(adaptive.next(Double(clip), share: Double(sum[0]) + 0.5))
            }
            correct(TrainingStep(turn, number: step))
            optimizer.step(plan)
            result.steps += 1
            let seen = min((step % stepsOfEpoch + 1) * expected, samples.count)
            let count = seen - step % stepsOfEpoch * expected
            timeline.note(samples: count)
            guard try shouldContinue(count) || step == steps - 1 else {
                result.endEarly(
                    holding: samples.count, lastStep: job.settings.localSteps, seen: step < stepsOfEpoch ? seen : nil)
                return
            }
        }
    }

    /// Leaves the sum of the clipped gradients of the samples in `order` in the plan, in as many passes as it takes.
    /// - Returns: the number of gradients that were no longer than the clip.
    private func sumClipped(
        _ training: PrivateTraining, _ clipping: SampleClipping, _ streams: ClientRandomness, _ pass: inout Int
    ) throws -> Int {
        guard !order.isEmpty else {
            plan.withGradients { gradients, _ in for i in 0..<gradients.count { gradients[unchecked: i] = 0 } }
            return 0
        }
        var within = 0
        // Its memory is kept from step to step.
        var sum: [Float] = []
        swap(&sum, &training.sum)
        defer { swap(&sum, &training.sum) }
        for start in stride(from: 0, to: order.count, by: plan.batch) {
            let count = min(plan.batch, order.count - start)
            _ = try self.step(from: start, count: count, streams.dropout(step: pass), streams.augmentation(step: pass))
            pass += 1
            within += try plan.clipGradients(to: clipping)
            guard order.count > plan.batch else { break }
            let isLast = start + count == order.count
            plan.withGradients { gradients, _ in
                if sum.isEmpty { sum = [Float](repeating: 0, count: gradients.count) }
                var sum = sum.mutableSpan
                if start == 0 {
                    for i in 0..<sum.count { sum[unchecked: i] = gradients[unchecked: i] }
                } else if isLast {
                    gradients.add(sum.span, times: 1)
                } else {
                    sum.add(gradients.span, times: 1)
                }
            }
        }
        return within
    }
}
