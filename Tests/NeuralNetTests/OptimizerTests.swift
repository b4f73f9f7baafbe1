import FedCore
import NeuralNet
import Testing

/// Adam and AdamW against PyTorch 2.15, by this script:
///
///     import torch
///     def run(make):
///         w = torch.tensor([0.5, -1.25, 2.0, 0.0, -0.03125], requires_grad=True)
///         o = make([w])
///         for t in range(5):
///             w.grad = torch.tensor([0.75 - 0.5 * t, 1e-3 * (t + 1), -2.0, 0.0, 0.25 * (-1) ** t])
///             o.step()
///         return w.tolist()
///     A = torch.optim
///     print(run(lambda p: A.Adam(p, lr=0.01)))
///     print(run(lambda p: A.Adam(p, lr=0.01, weight_decay=0.1)))
///     print(run(lambda p: A.AdamW(p, lr=0.01, weight_decay=0.1)))
///     print(run(lambda p: A.AdamW(p, lr=0.05, betas=(0.5, 0.9), eps=1e-3, weight_decay=0.01)))
struct OptimizerTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let optimizer: Adam
        let weights: [Float]
    }

    static let cases = [
        Case(
            testDescription: "Adam", optimizer: Adam(learningRate: 0.01),
            weights: [0.48270127177238464, -1.2985081672668457, 2.049999952316284, 0, -0.04559944570064545]),
        Case(
            testDescription: "Adam with decay", optimizer: Adam(learningRate: 0.01, weightDecay: 0.1),
            weights: [0.4803730547428131, -1.2000772953033447, 2.049997329711914, 0, -0.04499990865588188]),
        Case(
            testDescription: "AdamW", optimizer: Adam(learningRate: 0.01, weightDecay: 0.1, isDecoupled: true),
            weights: [0.4802801311016083, -1.292173147201538, 2.0399200916290283, 0, -0.04539896547794342]),
        Case(
            testDescription: "AdamW with options",
            optimizer: Adam(
                learningRate: 0.05, beta1: 0.5, beta2: 0.9, epsilon: 1e-3, weightDecay: 0.01, isDecoupled: true),
            weights: [0.4939628839492798, -1.429908037185669, 2.2446298599243164, 0, -0.086698979139328]),
    ]

    /// A model of five weights and a bias.
    private static let model = Model(name: "five", input: [5], classes: 1, layers: [Linear(5, 1)])

    /// The weights after the script's five steps, from where the optimizer begins anew.
    private func run(_ optimizer: Optimizer, on plan: Plan) throws -> [Float] {
        let start: [Float] = [0.5, -1.25, 2, 0, -0.03125, 0]
        try plan.load(start.span)
        plan.resetOptimizer()
        for step in 0..<5 {
            let t = Float(step)
            // Of one sample, so that the input times the output's gradient is the gradient of the weights.
            plan.fill([0.75 - 0.5 * t, 1e-3 * (t + 1), -2, 0, step % 2 == 0 ? 0.25 : -0.25])
            try plan.forwardForTraining(1)
            plan.withOutputGradient { _, gradient in gradient[0] = 1 }
            try plan.backward()
            optimizer.step(plan)
        }
        return Array(try plan.weights.prefix(5))
    }

    @Test(arguments: cases)
    func `five steps are PyTorch's, of a client's first turn and of its next`(example: Case) throws {
        let plan = try Plan(Self.model, batch: 1, purpose: .training)
        let first = try run(.adam(example.optimizer), on: plan)
        for (own, expected) in zip(first, example.weights) { #expect(abs(own - expected) < 1e-6) }
        #expect(first[3] == 0)
        #expect(try run(.adam(example.optimizer), on: plan) == first)
    }

    @Test func `the momentum of SGD and the moments of Adam do not mix`() throws {
        let plan = try Plan(Self.model, batch: 1, purpose: .training)
        let sgd = Optimizer.sgd(SGD(learningRate: 0.1, momentum: 0.9))
        let alone = try run(sgd, on: plan)
        _ = try run(.adam(Adam(learningRate: 0.1)), on: plan)
        #expect(try run(sgd, on: plan) == alone)
    }

    @Test func `names and options make optimizers`() throws {
        func named(_ name: String, _ options: NamedOptions = [:]) throws -> Optimizer {
            try Optimizer(named: name, options, learningRate: 0.5, momentum: 0.25, weightDecay: 0.125)
        }
        #expect(Optimizer.names == ["sgd", "adam", "adamw"])
        #expect(try named("sgd") == .sgd(SGD(learningRate: 0.5, momentum: 0.25, weightDecay: 0.125)))
        #expect(try named("adam") == .adam(Adam(learningRate: 0.5, weightDecay: 0.125)))
        #expect(
            try named("adamw", ["beta1": "0.5", "beta2": "0.75", "epsilon": "0.01"])
                == .adam(
                    Adam(
                        learningRate: 0.5, beta1: 0.5, beta2: 0.75, epsilon: 0.01, weightDecay: 0.125,
                        isDecoupled: true)))
        for (name, options) in [
            ("adam", ["beta1": "1"]), ("adam", ["beta2": "-0.1"]), ("adam", ["epsilon": "0"]),
            ("sgd", ["beta1": "0.9"]), ("lion", [:]),
        ] as [(String, NamedOptions)] {
            #expect(throws: ConfigurationError.self) { try named(name, options) }
        }
    }
}
