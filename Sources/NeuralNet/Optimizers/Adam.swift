/// Adam with the semantics of PyTorch's `torch.optim.Adam` and `AdamW`, without AMSGrad: m ← m + (1 − β₁)(g − m), v ← β₂v
/// + (1 − β₂)g², w ← w − η/(1 − β₁ᵗ) · m/(√v/√(1 − β₂ᵗ) + ε).
///
/// The weight decay λ is added to the gradient, g ← ∇ + λw, or, decoupled as AdamW has it, taken from the weights
/// before the step, w ← (1 − ηλ)w.
///
/// The value holds settings only; the moments m and v and the number of steps t belong to the plan. Every element is
/// computed by itself, so the bits do not depend on the layout of the weights.
///
/// D. P. Kingma, J. Ba, *Adam: A Method for Stochastic Optimization*, ICLR 2015, arXiv:1412.6980.
/// I. Loshchilov, F. Hutter, *Decoupled Weight Decay Regularization*, ICLR 2019, arXiv:1711.05101.
public struct Adam: Sendable, Equatable {
    /// Learning rate η > 0.
    public var learningRate: Float
    /// Decay of the first moment, 0 ≤ β₁ < 1.
    public var beta1: Double
    /// Decay of the second moment, 0 ≤ β₂ < 1.
    public var beta2: Double
    /// ε > 0, outside the root: also what keeps weights whose gradients are zero where they are.
    public var epsilon: Float
    /// Weight decay λ ≥ 0; biases and normalisation decay, too.
    public var weightDecay: Float
    /// Whether the decay acts on the weights alone, past the moments: AdamW.
    public var isDecoupled: Bool

    /// Makes an optimizer.
    /// - Parameters:
    ///   - learningRate: η > 0.
    ///   - beta1: β₁, 0 ≤ β₁ < 1.
    ///   - beta2: β₂, 0 ≤ β₂ < 1.
    ///   - epsilon: ε > 0.
    ///   - weightDecay: λ ≥ 0.
    ///   - isDecoupled: whether it is AdamW.
    /// - Precondition: β₁ and β₂ are in [0, 1), and ε is positive.
    public init(
        learningRate: Float, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Float = 1e-8, weightDecay: Float = 0,
        isDecoupled: Bool = false
    ) {
        precondition(beta1 >= 0 && beta1 < 1 && beta2 >= 0 && beta2 < 1, "moments that decay by \(beta1) and \(beta2)")
        precondition(epsilon > 0, "an epsilon of \(epsilon)")
        self.learningRate = learningRate
        self.beta1 = beta1
        self.beta2 = beta2
        self.epsilon = epsilon
        self.weightDecay = weightDecay
        self.isDecoupled = isDecoupled
    }

    /// Moves a plan's trained weights by the gradients of its latest backward pass; running statistics stay.
    /// - Complexity: O(parameters), one vectorised pass; allocates the second moment the first time.
    /// - Precondition: the plan is for training.
    public func step(_ plan: Plan) {
        plan.withMoments { weights, gradients, first, second, number in
            step(&weights, gradients, &first, &second, number: number)
        }
    }

    /// Moves weights by gradients. The four vectors are in one order and of one length; elements that are zero in all
    /// of them, such as padding, stay zero.
    /// - Parameter number: t, from 1.
    func step(
        _ weights: inout MutableSpan<Float>, _ gradients: Span<Float>, _ first: inout MutableSpan<Float>,
        _ second: inout MutableSpan<Float>, number: Int
    ) {
        let count = weights.count
        precondition(gradients.count == count && first.count == count && second.count == count)
        // The corrections and their quotients in Double, as PyTorch has them.
        let rate = Float(Double(learningRate) / (1 - power(beta1, number)))
        let root = Float((1 - power(beta2, number)).squareRoot())
        let (kept, new, newSquare) = (Float(beta2), Float(1 - beta1), Float(1 - beta2))
        let shrink = isDecoupled ? Float(1 - Double(learningRate) * Double(weightDecay)) : 1
        let coupled = isDecoupled ? 0 : weightDecay
        for i in 0..<count {
            let weight = weights[unchecked: i]
            let gradient = gradients[unchecked: i] + coupled * weight
            let moment = first[unchecked: i] + new * (gradient - first[unchecked: i])
            let square = kept * second[unchecked: i] + newSquare * (gradient * gradient)
            first[unchecked: i] = moment
            second[unchecked: i] = square
            weights[unchecked: i] = shrink * weight - rate * (moment / (square.squareRoot() / root + epsilon))
        }
    }

    /// βᵗ by multiplication alone: the same bits on every machine. O(log t).
    private func power(_ base: Double, _ exponent: Int) -> Double {
        var (result, square, rest) = (1.0, base, exponent)
        while rest > 0 {
            if rest & 1 == 1 { result *= square }
            square *= square
            rest >>= 1
        }
        return result
    }
}
