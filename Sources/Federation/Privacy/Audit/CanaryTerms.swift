import Foundation

/// How the canaries of an audit stand out, and what is known of the noise that hides them.
struct CanaryTerms: Sendable {
    /// What a canary is.
    enum Unit: Sendable, Equatable {
        /// A client, seen in the weights of each round (`--privacy central`).
        case client
        /// A client, seen in what it sends itself (`--privacy local`).
        case sender
        /// A sample of this client, seen in the sums of its steps (`--privacy dp-sgd`).
        case sample(ofClient: Int)
    }

    /// What a canary is.
    let unit: Unit
    /// C: the length to which a canary is clipped.
    let clip: Double
    /// z: noise over C, as the accountant was told.
    let noise: Double
    /// The chance of a canary to take part in a release, where it is secret whether it does; 1 where it is known.
    let probability: Double
    /// Where a canary that is out stands, in lengths of one that is in: at 0, or, where neighbours replace one another, at −1.
    let out: Double
    /// What the change of the weights is multiplied by to get the sum over the clients; of clients alone.
    let scale: Double

    /// How much more likely what was seen is with the canary than without it, as a logarithm: of normal noise, and over
    /// whether it took part where that is secret.
    /// - Parameter place: what was released along the canary's direction, over C.
    func logLikelihoodRatio(_ place: Double) -> Double {
        let exponent = ((place - out) * (place - out) - (place - 1) * (place - 1)) / (2 * noise * noise)
        guard probability < 1 else { return exponent }
        // ln(1 − q + q eᵃ), also where eᵃ overflows.
        return exponent > 500 ? exponent + log(probability) : log1p(probability * expm1(exponent))
    }
}
