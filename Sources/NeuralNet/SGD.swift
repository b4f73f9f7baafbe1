/// Stochastic gradient descent with PyTorch's semantics: g ← ∇ + λw, v ← μv + g, w ← w − η·v, or w ← w − η·(g + μv) with
/// Nesterov's look-ahead.
///
/// I. Sutskever et al., *On the importance of initialization and momentum in deep learning*, ICML 2013.
public struct SGD: Sendable, Equatable {
    /// η > 0.
    public var learningRate: Float
    /// 0 ≤ μ < 1.
    public var momentum: Float
    /// λ ≥ 0.
    public var weightDecay: Float
    public var nesterov: Bool

    /// - Precondition: `nesterov` needs a momentum.
    public init(learningRate: Float, momentum: Float = 0, weightDecay: Float = 0, nesterov: Bool = false) {
        precondition(!nesterov || momentum > 0, "Nesterov's look-ahead needs a momentum")
        self.learningRate = learningRate
        self.momentum = momentum
        self.weightDecay = weightDecay
        self.nesterov = nesterov
    }

    /// Moves the plan's weights along its gradients. O(parameters).
    public func step(_ plan: Plan) {
        plan.withOptimizerState { weights, gradients, velocity in
            step(&weights, gradients, velocity: &velocity)
        }
    }

    /// The three vectors are in one order and of one length. Elements that are zero in all three stay zero.
    func step(_ weights: inout MutableSpan<Float>, _ gradients: Span<Float>, velocity: inout MutableSpan<Float>) {
        let count = weights.count
        precondition(gradients.count == count && velocity.count == count)
        if momentum == 0 {
            for i in 0..<count {
                let weight = weights[unchecked: i]
                weights[unchecked: i] = weight - learningRate * (gradients[unchecked: i] + weightDecay * weight)
            }
        } else if nesterov {
            for i in 0..<count {
                let weight = weights[unchecked: i]
                let gradient = gradients[unchecked: i] + weightDecay * weight
                let speed = momentum * velocity[unchecked: i] + gradient
                velocity[unchecked: i] = speed
                weights[unchecked: i] = weight - learningRate * (gradient + momentum * speed)
            }
        } else {
            for i in 0..<count {
                let weight = weights[unchecked: i]
                let speed = momentum * velocity[unchecked: i] + (gradients[unchecked: i] + weightDecay * weight)
                velocity[unchecked: i] = speed
                weights[unchecked: i] = weight - learningRate * speed
            }
        }
    }
}
