import FedCore
import Strategies
import Testing

/// Algorithms against the drift of clients that take many steps, on quadratics whose fixed points are known.
@Suite struct ClientDriftTests {
    /// Two clients that pull different ways with different curvature: local steps drift apart.
    static let federation = QuadraticFederation(
        clients: [
            .init(curvature: [1, 4], optimum: [3, -1], samples: 1, steps: 10),
            .init(curvature: [2, 0.5], optimum: [-2, 2], samples: 3, steps: 10),
        ])

    /// FedAvg's fixed point: x = Σ pᵢ[(1 − ηhᵢ)^Kᵢ x + (1 − (1 − ηhᵢ)^Kᵢ) aᵢ], solved for x.
    static func fixedPoint(_ federation: QuadraticFederation, dividedBySteps: Bool = false) -> [Double] {
        federation.clients[0].optimum.indices.map { j in
            let pulls = federation.clients.map { client -> Double in
                var rest = 1.0
                for _ in 0..<client.steps { rest *= 1 - federation.learningRate * client.curvature[j] }
                return Double(client.samples) * (1 - rest) / (dividedBySteps ? Double(client.steps) : 1)
            }
            let pulled = zip(pulls, federation.clients).map { $0 * $1.optimum[j] }
            return pulled.reduce(0, +) / pulls.reduce(0, +)
        }
    }

    @Test func `FedAvg stops at its own fixed point, short of the optimum`() throws {
        var strategy = FedAvg()
        let end = try Self.federation.run(&strategy, rounds: 200, from: [0, 0])
        #expect(distance(end, Self.fixedPoint(Self.federation)) < 1e-5)
        #expect(distance(end, Self.federation.optimum) > 0.1)
    }

    @Test(arguments: [0.0, 0.9]) func `SCAFFOLD reaches the optimum, with momentum as without`(momentum: Double) throws
    {
        var federation = Self.federation
        federation.momentum = momentum
        federation.learningRate = momentum == 0 ? 0.1 : 0.01
        var strategy = Scaffold()
        let end = try federation.run(&strategy, rounds: 400, from: [0, 0])
        #expect(distance(end, federation.optimum) < 1e-4)
    }

    @Test func `SCAFFOLD's control variates become the clients' gradients at the optimum`() throws {
        // At the optimum c is the mean gradient, 0; its bytes are c.
        var strategy = Scaffold()
        _ = try Self.federation.run(&strategy, rounds: 400, from: [0, 0])
        let control = stride(from: 0, to: strategy.serverState.count, by: 4).map { at in
            Float(bitPattern: (0..<4).reduce(UInt32(0)) { $0 | UInt32(strategy.serverState[at + $1]) << (8 * $1) })
        }
        #expect(control.count == 2 && control.allSatisfy { abs($0) < 1e-4 })
    }

    @Test func `SCAFFOLD's first round is FedAvg's`() throws {
        var scaffold = Scaffold()
        var fedAvg = FedAvg()
        let first = try Self.federation.run(&scaffold, rounds: 1, from: [1, -1])
        #expect(first == (try Self.federation.run(&fedAvg, rounds: 1, from: [1, -1])))
    }

    @Test(arguments: [0.1, 1.0]) func `FedDyn reaches the optimum`(alpha: Double) throws {
        var strategy = FedDyn()
        strategy.alpha = alpha
        var federation = Self.federation
        for i in federation.clients.indices { federation.clients[i].steps = 50 }
        let end = try federation.run(&strategy, rounds: 500, from: [0, 0])
        #expect(distance(end, federation.optimum) < 1e-3)
    }

    @Test func `FedNova's fixed point weighs a client's direction, not its steps`() throws {
        var federation = Self.federation
        federation.learningRate = 0.02  // it moves by the mean number of steps: with more it would overshoot
        federation.clients[0].steps = 2
        federation.clients[1].steps = 30
        var nova = FedNova()
        let end = try federation.run(&nova, rounds: 400, from: [0, 0])
        #expect(distance(end, Self.fixedPoint(federation, dividedBySteps: true)) < 1e-4)
    }

    @Test func `With small steps FedNova is unbiased under unequal local steps, and FedAvg is not`() throws {
        var federation = Self.federation
        federation.learningRate = 0.001
        federation.clients[0].steps = 2
        federation.clients[1].steps = 30
        var nova = FedNova()
        var fedAvg = FedAvg()
        let end = try federation.run(&nova, rounds: 4000, from: [0, 0])
        #expect(distance(end, federation.optimum) < 0.05)
        #expect(try distance(federation.run(&fedAvg, rounds: 4000, from: [0, 0]), federation.optimum) > 0.3)
    }

    @Test func `With equal steps FedNova is FedAvg but for rounding`() throws {
        var nova = FedNova()
        var fedAvg = FedAvg()
        let end = try Self.federation.run(&nova, rounds: 5, from: [1, 1])
        let expected = try Self.federation.run(&fedAvg, rounds: 5, from: [1, 1]).map { Double($0) }
        #expect(distance(end, expected) < 1e-6)
    }

    @Test(arguments: [(1, 0.9), (2, 0.9), (5, 0.5), (7, 0.0), (10, 0.9999999), (100, 0.9991)])
    func `What steps with momentum add up to is Wang's formula`(steps: Int, momentum: Double) {
        // Summed directly: the gradient of step k counts 1 + ρ + … + ρ^(τ−k) times.
        let direct = (1...steps).reduce(0.0) { sum, step in
            var weight = 0.0
            var power = 1.0
            for _ in step...steps {
                weight += power
                power *= momentum
            }
            return sum + weight
        }
        #expect(abs(FinishedWork.accumulation(steps: steps, momentum: momentum) / direct - 1) < 1e-12)
    }

    @Test func `MimeLite with one step is central SGD with momentum`() throws {
        var federation = Self.federation
        for i in federation.clients.indices { federation.clients[i].steps = 1 }
        var strategy = MimeLite()
        let end = try federation.run(&strategy, rounds: 20, from: [1, -1])
        // m ← (1 − β)∇f(x) + βm, x ← x − ηm, with ∇f = Σ pᵢ∇fᵢ.
        var x = [1.0, -1.0]
        var m = [0.0, 0.0]
        for _ in 0..<20 {
            for j in 0..<2 {
                let gradients = federation.clients.map { Double($0.samples) * $0.curvature[j] * (x[j] - $0.optimum[j]) }
                m[j] = 0.1 * gradients.reduce(0, +) / 4 + 0.9 * m[j]
            }
            for j in 0..<2 { x[j] -= federation.learningRate * m[j] }
        }
        #expect(distance(end, x) < 1e-5)
    }

    @Test func `q-FedAvg is the paper's update`() throws {
        var strategy = QFedAvg()
        strategy.q = 2
        let federation = Self.federation
        let start: [Float] = [0.5, 1]
        let end = try federation.run(&strategy, rounds: 1, from: start)
        // Algorithm 2 of Li et al. 2020, in Double.
        let smoothness = 1 / federation.learningRate
        var (numerator, denominator) = ([0.0, 0.0], 0.0)
        for client in federation.clients {
            var w = start.map { Double($0) }
            for _ in 0..<client.steps {
                for j in 0..<2 { w[j] -= federation.learningRate * client.curvature[j] * (w[j] - client.optimum[j]) }
            }
            let loss = client.loss(at: start)
            let step = (0..<2).map { smoothness * (Double(start[$0]) - w[$0]) }
            for j in 0..<2 { numerator[j] += loss * loss * step[j] }
            denominator += 2 * loss * (step[0] * step[0] + step[1] * step[1]) + smoothness * loss * loss
        }
        let expected = (0..<2).map { Double(start[$0]) - numerator[$0] / denominator }
        #expect(distance(end, expected) < 1e-5)
    }

    @Test func `q-FedAvg with q = 0 is the mean in which clients count alike`() throws {
        var strategy = QFedAvg()
        strategy.q = 0
        var even = Self.federation
        for i in even.clients.indices { even.clients[i].samples = 1 }
        var fedAvg = FedAvg()
        let expected = try even.run(&fedAvg, rounds: 3, from: [1, 1]).map { Double($0) }
        #expect(try distance(Self.federation.run(&strategy, rounds: 3, from: [1, 1]), expected) < 1e-5)
    }
}
