import FedMPI

/// Clients send the signs of their updates, all of one size, and keep the error for their next turn: with p = Δ + e the update
/// becomes (‖p‖₁ / d) · sign(p), and e ← p − that.
///
/// S. P. Karimireddy, Q. Rebjock, S. U. Stich, M. Jaggi, *Error Feedback Fixes SignSGD and other Gradient Compression Schemes*,
/// ICML 2019, algorithm 1, arXiv:1901.09847; there e is a worker's, here a client's. Whatever the strategy sends beside the update
/// stays as it is.
struct SignUpdate: UpdateStage {
    static let name = "sign-update"
    static let summary = "sends the signs of an update, all of one size; the error goes into the next one"
    static let halves: StageHalves = .client

    /// d, length of the update.
    private let parameters: Int

    /// Whatever the settings: a program that does not want it does not add it.
    /// - Throws: `ConfigurationError` when the model has running statistics, which are no gradient's.
    init?(_ setup: StageSetup) throws(ConfigurationError) {
        guard setup.layout.statistics.isEmpty else {
            throw ConfigurationError(
                "stage '\(Self.name)' does not go with the running statistics of model '\(setup.settings.model)'")
        }
        parameters = setup.layout.parameters
    }

    /// The error.
    var clientVectors: Int { 1 }

    mutating func onClient(
        _ message: inout MutableSpan<Float>, state: inout MutableSpan<Float>, in turn: ClientTurn
    ) {
        var sum = 0.0
        for i in 0..<parameters {
            state[i] += message[i]
            sum += Double(state[i].magnitude)
        }
        let size = Float(sum / Double(parameters))
        for i in 0..<parameters {
            message[i] = state[i] == 0 ? 0 : Float(signOf: state[i], magnitudeOf: size)
            state[i] -= message[i]
        }
    }
}
