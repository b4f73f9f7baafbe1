import FedMPI

/// Nesterov momentum at the server: v ← βv + Δ, w ← w + η(Δ + βv) with Δ the mean update.
///
/// A. Douillard et al., *DiLoCo: Distributed Low-Communication Training of Language Models*, 2023, algorithm 1 with its outer
/// optimizer's η and β, arXiv:2311.08105. The clients' own optimizer is the run's SGD, there it is AdamW.
struct OuterNesterov: Strategy {
    static let name = "outer-nesterov"
    static let summary = "Nesterov momentum at the server, as DiLoCo has it"

    /// η > 0.
    var serverRate: Float = 0.7
    /// β in [0, 1).
    var beta: Float = 0.9

    private var velocity: [Float] = []

    init() {}

    mutating func read(_ options: inout OptionReader) throws(ConfigurationError) {
        serverRate = try options.number("server-lr", default: serverRate, "greater than 0") { $0 > 0 }
        beta = try options.number("beta", default: beta, "in [0, 1)") { $0 >= 0 && $0 < 1 }
    }

    mutating func apply(_ mean: Span<Float>, to global: inout MutableSpan<Float>, in round: AggregatedRound) {
        if velocity.isEmpty { velocity = [Float](repeating: 0, count: global.count) }
        let (rate, beta) = (serverRate, beta)
        var v = velocity.mutableSpan
        v.scale(by: beta)
        v.add(mean)
        global.add(mean, times: rate)
        global.add(v.span, times: rate * beta)
    }

    var serverState: [UInt8] { VectorState.bytes([velocity]) }

    mutating func restoreServerState(_ state: [UInt8]) throws(ConfigurationError) {
        velocity = try VectorState.vectors(state, count: 1, of: Self.name)[0]
    }
}
