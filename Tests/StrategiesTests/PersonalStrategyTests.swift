import FedCore
import Strategies
import Testing

/// What stays with a client, and where a client's own model goes.
@Suite struct PersonalStrategyTests {
    /// Two layers with parameters, a normalisation between them.
    static let layout: ParameterLayout = {
        var layout = ParameterLayout()
        layout.append("0.weight", shape: [2, 3], layer: 0)
        layout.append("0.bias", shape: [2], layer: 0)
        layout.append("1.weight", shape: [2], layer: 1, isNormalization: true)
        layout.append("1.running_mean", shape: [2], layer: 1, role: .statistic, isNormalization: true)
        layout.append("3.weight", shape: [4, 2], layer: 3)
        layout.append("3.bias", shape: [4], layer: 3)
        return layout
    }()

    @Test func `FedPer keeps the last layers with parameters`() throws {
        #expect(try Strategies.standard.named("fedper").personalParameters(Self.layout) == [12..<24])
        #expect(try Strategies.standard.named("fedper", ["layers": "2"]).personalParameters(Self.layout) == [8..<24])
    }

    @Test func `FedPer leaves a layer to be federated`() throws {
        let strategy = try Strategies.standard.named("fedper", ["layers": "3"])
        #expect(throws: ConfigurationError.self) { try strategy.personalParameters(Self.layout) }
        #expect(throws: ConfigurationError.self) { try Strategies.standard.named("fedper", ["layers": "0"]) }
    }

    @Test func `FedBN keeps scale, shift and statistics of the normalisation`() throws {
        #expect(try Strategies.standard.named("fedbn").personalParameters(Self.layout) == [8..<12])
        let plain = ParameterLayout([("0.weight", [4])])
        #expect(throws: ConfigurationError.self) { try Strategies.standard.named("fedbn").personalParameters(plain) }
    }

    /// min ½h(v − a)² + ½λ(v − w)² is at v = (ha + λw)/(h + λ).
    @Test(arguments: [0.0, 0.5, 3.0]) func `Ditto's own model goes where both pulls balance`(lambda: Double) throws {
        let strategy = try Strategies.standard.named("ditto", NamedOptions(["lambda": "\(lambda)"]))
        let (curvature, optimum): ([Float], [Float]) = ([1, 2], [3, -1])
        let global: [Float] = [0.5, 4]
        var own: [Float] = [0, 0]
        for _ in 0..<400 {
            var gradient = zip(own, zip(curvature, optimum)).map { $1.0 * ($0 - $1.1) }
            var span = gradient.mutableSpan
            strategy.correctPersonal(&span, weights: own.span, global: global.span)
            for i in own.indices { own[i] -= 0.1 * gradient[i] }
        }
        for i in own.indices {
            let (h, a) = (Double(curvature[i]), Double(optimum[i]))
            let expected = (h * a + lambda * Double(global[i])) / (h + lambda)
            #expect(abs(Double(own[i]) - expected) < 1e-5)
        }
    }
}
