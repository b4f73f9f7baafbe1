import Aggregation
import FedCore
import Testing

@Suite struct GeometricMedianTests {
    /// The median of a convex quadrilateral's corners is where its diagonals meet: y = x and y = 2 − x/2.
    @Test func ofAQuadrilateralIsTheMeetingOfItsDiagonals() throws {
        let updates = try UpdateMatrix([[0, 0], [4, 0], [3, 3], [0, 2]])
        let median = try aggregated("geometric-median", ["iterations": "200"], updates)
        #expect(isClose(median, [4.0 / 3, 4.0 / 3], within: 0.01))
    }

    @Test func ofAnEquilateralTriangleIsItsCenter() throws {
        let height = Float(3).squareRoot()
        let median = try aggregated(
            "geometric-median", ["iterations": "200"], UpdateMatrix([[-1, 0], [1, 0], [0, height]]))
        #expect(isClose(median, [0, height / 3], within: 0.002))
    }

    /// On a line it is the weighted median; the start, the unweighted one, is an update that is not it.
    @Test func weighsBySampleCountAndLeavesAnUpdateItStartsOn() throws {
        let median = try aggregated(
            "geometric-median", ["iterations": "500"], UpdateMatrix(column: [0, 1, 5], weights: [1, 1, 3]))
        #expect(isClose(median, [5], within: 0.02))
    }

    @Test func staysOnAnUpdateThatHoldsTheMajority() throws {
        let updates = try UpdateMatrix([[1, 2], [1, 2], [1, 2], [9, 0], [-7, 5]])
        #expect(try aggregated("geometric-median", updates) == [1, 2])
    }

    /// Algorithm 2 of Pillutla et al. in numpy, from the coordinate-wise median v:
    ///
    ///     b = a / maximum(nu, norm(X - v, axis=1)); v = (b[:, None] * X).sum(0) / b.sum()
    @Test(
        arguments: [
            ("0.01", "1", [1.7158793111, 1.8020859297]), ("0.01", "3", [1.8144067402, 2.0215008791]),
            ("0.01", "500", [1.7855125398, 2.1240674789]), ("2", "3", [1.8144067402, 2.0215008791]),
            ("5", "1", [1.6351643979, 1.8012365563]), ("5", "3", [1.6353327987, 1.8588890689]),
            ("5", "500", [1.6353228269, 1.8604045068]), ("100", "1", [4.2, 4.7]), ("100", "500", [4.2, 4.7]),
        ] as [(String, String, [Float])])
    func isTheSmoothedWeiszfeldAlgorithm(smoothing: String, iterations: String, expected: [Float]) throws {
        let updates = try UpdateMatrix(
            [[0, 0], [4, 1], [1, 5], [-3, 2], [2, -6], [30, 40]], weights: [1, 2, 3, 1, 2, 1])
        let options: NamedOptions = ["smoothing": smoothing, "iterations": iterations]
        // It stops when a step gains less than 10⁻⁶ of the sum.
        let tolerance: Float = iterations == "500" ? 0.02 : 1e-6
        #expect(try isClose(aggregated("geometric-median", options, updates), expected, within: tolerance))
    }

    /// From the median 1, within ν = 2 of 0 and of itself: (0/2 + 1/2 + 10/9) / (1/2 + 1/2 + 1/9) = 1.45, and then to where
    /// (v − 0)/2 + (v − 1)/2 = 1, 1.5. With ν above all distances it is the mean.
    @Test func whatIsNearerThanTheSmoothingWeighsNoMoreThanThat() throws {
        let updates = try UpdateMatrix(column: [0, 1, 10])
        for (smoothing, iterations, expected) in [("2", "1", 1.45), ("2", "100", 1.5), ("100", "1", 11.0 / 3)] {
            let options: NamedOptions = ["smoothing": smoothing, "iterations": iterations]
            #expect(try isClose(aggregated("geometric-median", options, updates), [Float(expected)], within: 2e-3))
        }
    }

    @Test func noNearbyPointHasASmallerSumOfDistances() throws {
        let rows = randomRows(20, of: 30)
        let median = try aggregated("geometric-median", ["iterations": "500"], UpdateMatrix(rows))
        func sum(_ point: [Float]) -> Double {
            rows.map { row in length(zip(row, point).map { $0 - $1 }) }.reduce(0, +)
        }
        let least = sum(median)
        for (index, step) in randomRows(20, of: 30, salt: 1).enumerated() {
            let scale: Float = index % 2 == 0 ? 0.1 : 0.01
            #expect(sum(zip(median, step).map { $0 + scale * $1 }) > least - 1e-4)
        }
    }
}

@Suite struct NormClippingTests {
    @Test func scalesDownWhatIsLongerThanTheBound() throws {
        // Lengths 5 and 10.
        let updates = try UpdateMatrix([[3, 4], [8, 6]])
        #expect(try isClose(aggregated("norm-clip", ["bound": "5"], updates), [3.5, 3.5], within: 1e-6))
        #expect(try isClose(aggregated("norm-clip", ["bound": "50"], updates), [5.5, 5], within: 1e-6))
    }

    @Test func weighsBySampleCount() throws {
        let updates = try UpdateMatrix([[3, 4], [8, 6]], weights: [3, 1])
        // (3·3 + 4)/4 and (3·4 + 3)/4.
        #expect(try isClose(aggregated("norm-clip", ["bound": "5"], updates), [3.25, 3.75], within: 1e-6))
    }

    @Test func movesTheBoundByTheShareWithinIt() throws {
        var rule = try NormClipping(["bound": "5", "quantile": "0.25"])
        _ = try rule.aggregated(UpdateMatrix([[3, 4], [8, 6]]))
        // 5 · exp(−0.2 · (0.5 − 0.25)) = 5 · e^(−0.05)
        #expect(abs(rule.bound - 4.756_147_122_503_571) < 1e-12)
    }

    @Test func theBoundFindsTheQuantileOfTheLengths() throws {
        let updates = try UpdateMatrix(column: (1...10).map { Float($0) })
        for (quantile, range) in [("0.5", 4.5...6.5), ("0.9", 8.5...10.5)] {
            var rule = try NormClipping(["quantile": quantile])
            for _ in 0..<300 { _ = try rule.aggregated(updates) }
            #expect(range.contains(rule.bound))
        }
    }

    @Test func goesOnFromItsState() throws {
        let updates = try UpdateMatrix(column: [1, 2, 3])
        var first = try NormClipping([:])
        for _ in 0..<5 { _ = try first.aggregated(updates) }
        var second = try NormClipping([:])
        try second.restoreServerState(first.serverState)
        #expect(second.bound == first.bound)
        #expect(try second.aggregated(updates) == first.aggregated(updates))
    }

    @Test func refusesAStateThatIsNoLength() throws {
        var rule = try NormClipping([:])
        for bad in [0, -1, Double.nan, .infinity] {
            let bytes = (0..<8).map { UInt8(truncatingIfNeeded: bad.bitPattern >> (8 * UInt64($0))) }
            #expect(throws: ConfigurationError.self) { try rule.restoreServerState(bytes) }
        }
        #expect(rule.bound == 0.1)
    }
}

@Suite struct FLTrustTests {
    /// Cosines 1, 0, −1 and 0.6; the last is scaled to [1.2, 1.6].
    @Test func weighsByTheCosineToTheServersUpdate() throws {
        let updates = try UpdateMatrix([[5, 0], [0, 3], [-1, 0], [3, 4]])
        // (1 · [2, 0] + 0.6 · [1.2, 1.6]) / 1.6
        #expect(try isClose(aggregated("fltrust", updates, trusted: [2, 0]), [1.7, 0.6], within: 1e-6))
    }

    @Test func isZeroWhereNobodyIsTrusted() throws {
        #expect(try aggregated("fltrust", UpdateMatrix([[-1, 0], [0, 0]]), trusted: [1, 0]) == [0, 0])
        #expect(try aggregated("fltrust", UpdateMatrix([[1, 0], [2, 1]]), trusted: [0, 0]) == [0, 0])
    }

    @Test func isNeverLongerThanTheServersUpdate() throws {
        let rows = randomRows(6, of: 40).map { $0.map { 1e20 * $0 } }
        let trusted = randomRows(1, of: 40, salt: 2)[0]
        let result = try aggregated("fltrust", UpdateMatrix(rows), trusted: trusted)
        #expect(length(result) > 0 && length(result) <= length(trusted) * 1.000_001)
    }
}

extension NormClipping {
    init(_ options: NamedOptions) throws {
        var reader = OptionReader(options, of: "test")
        try self.init(&reader)
    }
}
