/// Stochastic gradient descent with the semantics of PyTorch's `torch.optim.SGD` without dampening: g ← ∇ + λw, v ← μv
/// + g, w ← w − η·v, or w ← w − η·(g + μv) with Nesterov's look-ahead.
///
/// The value holds settings only; the velocity v belongs to the plan, in the layout of its weights. Every element is
/// computed by itself, so the bits do not depend on that layout.
///
/// I. Sutskever, J. Martens, G. Dahl, G. Hinton, *On the importance of initialization and momentum in deep learning*,
/// ICML 2013. Their velocity contains η; PyTorch's does not, so a change of η acts on the next step at once.
public struct SGD: Sendable, Equatable {
    /// Learning rate η > 0.
    public var learningRate: Float
    /// Momentum μ, 0 ≤ μ < 1; 0 leaves the velocity alone.
    public var momentum: Float
    /// Weight decay λ ≥ 0, added to the gradient as that of λ/2 ‖w‖²; biases and normalisation decay, too.
    public var weightDecay: Float
    /// Whether the gradient is looked at from where the velocity leads.
    public var nesterov: Bool

    /// Makes an optimizer.
    /// - Parameters:
    ///   - learningRate: η > 0.
    ///   - momentum: μ, 0 ≤ μ < 1.
    ///   - weightDecay: λ ≥ 0.
    ///   - nesterov: whether to look ahead.
    /// - Precondition: `nesterov` needs a momentum.
    public init(learningRate: Float, momentum: Float = 0, weightDecay: Float = 0, nesterov: Bool = false) {
        precondition(!nesterov || momentum > 0, "Nesterov's look-ahead needs a momentum")
        self.learningRate = learningRate
        self.momentum = momentum
        self.weightDecay = weightDecay
        self.nesterov = nesterov
    }

    /// Moves a plan's trained weights along the gradients of its latest backward pass; running statistics stay.
    /// - Complexity: O(parameters), one vectorised pass, no allocation.
    /// - Precondition: the plan is for training.
    public func step(_ plan: Plan) {
        plan.withOptimizerState { weights, gradients, velocity in
            step(&weights, gradients, velocity: &velocity)
        }
    }

    /// Moves weights along gradients. The three vectors are in one order and of one length; elements that are zero in
    /// all three, such as padding, stay zero.
    ///
    /// There is a loop for each of the three rules, because a choice within the loop would keep it from being
    /// vectorised.
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
