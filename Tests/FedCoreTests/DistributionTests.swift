import FedCore
import Testing

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

@Suite struct DistributionTests {
    @Test func normalHasTheMomentsOfTheStandardNormal() {
        var stream = RandomStream(seed: 1, .initialization)
        let n = 100_000
        let moments = Moments((0..<n).map { _ in stream.normal() })
        // Five standard errors: 1/√n, √(2/n), √(6/n), √(24/n).
        #expect(abs(moments.mean) < 0.0158)
        #expect(abs(moments.variance - 1) < 0.0224)
        #expect(abs(moments.skewness) < 0.0388)
        #expect(abs(moments.kurtosis - 3) < 0.0775)
    }

    /// The logarithm of a Gamma(a, 1) variate has mean ψ(a) and variance ψ′(a), here as PyTorch's
    /// `torch.special.digamma` and `polygamma(1, ·)` give them in double precision.
    @Test(arguments: [
        (0.01, -100.56088545786866, 10001.621213527511),
        (0.3, -3.502524222200133, 12.245364544940365),
        (1.0, -0.5772156649015328, 1.6449340668483776),
        (2.5, 0.7031566406452431, 0.4903577562398206),
        (50.0, 3.9019896734278925, 0.02020133322669713),
    ])
    func logGammaHasTheMomentsOfTheLogGammaDistribution(shape: Double, mean: Double, variance: Double) {
        var stream = RandomStream(seed: 2, .partition)
        let n = 50_000.0
        let moments = Moments((0..<Int(n)).map { _ in stream.logGamma(shape: shape) })
        #expect(abs(moments.mean - mean) < 5 * (variance / n).squareRoot())
        // The logarithm of an exponential variate has kurtosis 9 at most: standard error √8/√n of the variance.
        #expect(abs(moments.variance - variance) < 5 * variance * (8 / n).squareRoot())
    }

    @Test(arguments: [0.1, 1, 20])
    func dirichletHasTheMomentsOfItsMarginals(alpha: Double) {
        let k = 4.0
        let draws = (0..<20_000).map { client in
            var stream = RandomStream(seed: 3, .partition, client: client)
            return stream.dirichlet(alpha: alpha, count: Int(k))
        }
        let variance = (k - 1) / (k * k * (k * alpha + 1))
        for component in 0..<Int(k) {
            let moments = Moments(draws.map { $0[component] })
            #expect(abs(moments.mean - 1 / k) < 5 * (variance / 20_000).squareRoot())
            #expect(abs(moments.variance / variance - 1) < 0.06)
        }
    }

    @Test(arguments: [Double.leastNonzeroMagnitude, 1e-300, 1e-6, 0.01, 1, 1e6, 1e15, 1e300])
    func dirichletProportionsSumToOneAtAnyAlpha(alpha: Double) {
        for client in 0..<20 {
            var stream = RandomStream(seed: 4, .partition, client: client)
            let proportions = stream.dirichlet(alpha: alpha, count: 100)
            #expect(proportions.allSatisfy { $0 >= 0 && $0 <= 1 })
            #expect(abs(proportions.reduce(0, +) - 1) < 1e-12)
            if alpha < 1e-5 { #expect(proportions.max() ?? 0 > 0.99) }
            if alpha > 1e14 { #expect(proportions.allSatisfy { abs($0 - 0.01) < 1e-6 }) }
        }
    }

    @Test func dirichletOverNobodyIsEmpty() {
        var stream = RandomStream(seed: 5, .partition)
        #expect(stream.dirichlet(alpha: 1, count: 0).isEmpty)
        #expect(stream.dirichlet(alpha: 1, count: 1) == [1])
    }
}
