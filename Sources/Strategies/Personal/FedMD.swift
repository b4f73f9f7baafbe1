public import FedCore

/// Learning from each other's answers: clients whose models differ say their class scores of public samples, the server
/// averages them, and each client trains its model towards the average before it goes on with its own samples.
///
/// D. Li, J. Wang, *FedMD: Heterogenous Federated Learning via Model Distillation*, NeurIPS Workshop on Federated Learning
/// 2019, Algorithm 1, arXiv:1910.03581. Scores are logits, and digesting is by their mean absolute error, as there; every
/// client counts the same. Here a model is one of `--widths`; all public samples are used in each round, where the paper
/// draws some; a client prepares for a stated number of passes, not until it has converged; and in the first round, when
/// there is no consensus yet, it digests the public labels.
///
/// | option | of the paper | default |
/// |---|---|---|
/// | `public` | the size of D₀, here taken from the training data | 500 |
/// | `start` | transfer learning: passes over D₀, then over Dₖ | 5 |
/// | `digest` | passes towards the consensus in a round | 1 |
/// | `weights` | the consensus is a plain mean (`clients`), or one by samples | `clients` |
///
/// Revisiting takes `--epochs`. What crosses is 4 · public · classes bytes each way, whatever the models: 20 KB with the
/// defaults and ten classes.
public struct FedMD: ScoreStrategy {
    public static let name = "fedmd"
    public static let summary =
        "models of several widths learn from the mean of their class scores on public samples; public=N (500), digest=1, start=5, weights=clients"

    /// Number of public samples; option `public`.
    public var publicSamples = 500
    /// Passes of preparation; option `start`.
    public var startEpochs = 5
    /// Passes towards the consensus; option `digest`.
    public var digestEpochs = 1
    /// Whether a client counts by its samples, not once; option `weights`.
    public var countsSamples = false

    public init() {}

    public mutating func read(_ options: inout OptionReader) throws(ConfigurationError) {
        publicSamples = try options.integer("public", default: publicSamples, "from 1 to 1000000") {
            (1...1_000_000).contains($0)
        }
        startEpochs = try options.integer("start", default: startEpochs, "from 0 to 10000") {
            (0...10_000).contains($0)
        }
        digestEpochs = try options.integer("digest", default: digestEpochs, "from 0 to 10000") {
            (0...10_000).contains($0)
        }
        countsSamples = try options.choice("weights", default: "clients", of: ["clients", "samples"]) == "samples"
    }

    public func weight(samples: Int) -> Double { countsSamples ? Double(samples) : samples > 0 ? 1 : 0 }
}
