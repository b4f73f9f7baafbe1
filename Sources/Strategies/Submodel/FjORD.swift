public import FedCore

/// Ordered dropout: in each round a client trains the first channels of each hidden layer, as many as a width says that
/// is drawn uniformly from those up to its own. So wide clients train the narrow models, too, which are cut out of the
/// global model without further training.
///
/// S. Horváth, S. Laskaridis, M. Almeida, I. Leontiadis, S. I. Venieris, N. D. Lane, *FjORD: Fair and Accurate Federated
/// Learning under Heterogeneous Targets with Ordered Dropout*, NeurIPS 2021, arXiv:2102.13451, algorithm 1. Where it
/// differs: the width is drawn once for a client and round, not for each of its steps; an element is averaged over the
/// clients that have trained it in the round; there is no distillation from the client's widest model; running
/// statistics are refused, where the paper has some for each width.
public struct FjORD: SubmodelStrategy {
    public static let name = "fjord"
    public static let summary = "clients train nested parts of the model, of a width drawn each round, up to their own"
    public static let defaultWidths = "1,0.8,0.6,0.4,0.2"

    public init() {}

    public func width(ofClient client: Int, round: Int, own: Int, of widths: [Double], seed: UInt64) -> Int {
        var random = RandomStream(seed: seed, .width, round: round, client: client)
        return own + random.integer(below: widths.count - own)
    }
}
