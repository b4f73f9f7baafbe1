public import FedCore
public import NeuralNet
import Records

/// The models of a run whose clients train parts of the global one (`SubmodelStrategy`): one for each width, and what of
/// the global weights each client has in each round. Every rank derives the same from the job.
public struct Submodels: Sendable {
    /// The widths, and which client has which.
    public let clients: ClientWidths
    /// The model of each width, in the order of `clients.widths`.
    public let models: [Model]
    /// The clients' simulated devices, whose memory says how wide their models are; nil without a fleet.
    var fleet: FleetTerms?
    private let strategy: any SubmodelStrategy
    /// The global model.
    private let whole: Model
    private let seed: UInt64

    /// Narrows the model to each of the widths.
    /// - Parameters:
    ///   - settings: `widths`, or nil for the strategy's own.
    ///   - strategy: says where windows are, and who trains which.
    ///   - model: the global model.
    /// - Throws: `ConfigurationError` when the widths cannot be read, or the model cannot be narrowed to them.
    init(
        _ settings: RunSettings, _ strategy: any SubmodelStrategy, _ model: Model
    ) throws(ConfigurationError) {
        let strategyType = type(of: strategy)
        clients = try ClientWidths(settings.widths ?? strategyType.defaultWidths, seed: settings.seed)
        guard model.frozen == nil else {
            throw ConfigurationError(
                "strategy '\(settings.strategy)' trains parts of a model, of which --freeze keeps some as they are: leave it out"
            )
        }
        guard model.parameterLayout.entries.allSatisfy({ $0.role == .trained }) else {
            throw ConfigurationError(
                "strategy '\(settings.strategy)' trains models of several widths, and the running statistics of model "
                    + "'\(settings.model)' are of one: use a model without batch normalisation, or with 'groupnorm'")
        }
        let exits = model.exits.count
        guard strategy.dimension == .width else {
            guard exits > 0 else {
                throw ConfigurationError(
                    "strategy '\(settings.strategy)' shortens a model to some of its exits, and model '\(settings.model)' does not end "
                        + "with the mean of several; use e.g. edgecnn-exits")
            }
            models = clients.widths.map { share in
                let count = ClientWidths.channels(share, of: exits)
                return count == exits ? model : model.shortened(toExits: count)
            }
            self.strategy = strategy
            whole = model
            seed = settings.seed
            return
        }
        do throws(ConfigurationError) {
            models = try clients.widths.map { (share) throws(ConfigurationError) in
                share == 1 ? model : try model.narrowed(to: Self.channels(share, strategy, model))
            }
        } catch {
            throw ConfigurationError("strategy '\(settings.strategy)' narrows the model, and \(error)")
        }
        self.strategy = strategy
        whole = model
        seed = settings.seed
    }

    /// The widths below 1, as indices, each with the metric of its accuracy.
    var narrower: [(width: Int, metric: Metric)] {
        clients.widths.enumerated().filter { $0.element < 1 }.map {
            ($0.offset, .accuracy(of: strategy.dimension, $0.element))
        }
    }

    /// Outputs of each hidden layer in the model of a width.
    private static func channels(_ share: Double, _ strategy: any SubmodelStrategy, _ model: Model) -> [Int] {
        model.widths.map { strategy.window(share, of: $0, round: 1).reduce(0) { $0 + $1.count } }
    }

    /// What the widths are shares of.
    public var dimension: SubmodelDimension { strategy.dimension }

    /// The loss of a part in a round, if it is trained at several exits at once.
    func exitsLoss(of model: Model, round: Int) -> ExitsLoss? {
        let exits = strategy.dimension == .depth ? model.exits.count : 0
        return exits > 1 ? ExitsLoss(exits: exits, consistency: Float(strategy.consistency(round: round))) : nil
    }

    /// The width that a client can train, for the whole run: what its device has the memory for, or what was drawn.
    public func own(_ client: Int) -> Int { fleet?.width(ofClient: client) ?? clients.width(ofClient: client) }

    /// The width that a client trains in a round: an index into the widths.
    func width(ofClient client: Int, round: Int) -> Int {
        strategy.width(
            ofClient: client, round: round, own: own(client), of: clients.widths, seed: seed)
    }

    /// What a client trains in a round. O(rows of the weights).
    func submodel(ofClient client: Int, round: Int) -> Submodel {
        submodel(width: width(ofClient: client, round: round), round: round)
    }

    /// What clients of a width train in a round. O(rows of the weights).
    func submodel(width: Int, round: Int) -> Submodel {
        let share = clients.widths[width]
        guard strategy.dimension == .width else {
            return Submodel(width: width, places: whole.places(of: models[width]))
        }
        guard share < 1 else { return Submodel(width: width, places: [0..<whole.parameterCount]) }
        return Submodel(
            width: width,
            places: whole.places(keeping: whole.widths.map { strategy.window(share, of: $0, round: round) }))
    }

    /// Turns the mean update of a round, in which clients count with zeros for what they do not have, into the mean over
    /// those that have it, element by element. What nobody has stays zero.
    ///
    /// The weight that covers an element is a sum of whole numbers, or of multiples of 2⁻²⁰, hence exact in any order;
    /// where all clients have an element, its mean is not touched.
    /// - Parameters:
    ///   - mean: Σ wᵢuᵢ / Σ wᵢ, `[parameters]`, changed in place.
    ///   - round: the clients in the mean.
    ///   - weight: weight of a client, by its samples.
    /// - Complexity: O(parameters · widths) time, 8 bytes a parameter.
    func divide(_ mean: inout MutableSpan<Float>, in round: AggregatedRound, weight: (_ samples: Int) -> Double) {
        var weights = [Double](repeating: 0, count: models.count)
        for participant in round.participants {
            weights[width(ofClient: participant.client, round: round.number)] += weight(participant.samples)
        }
        let total = weights.reduce(0, +)
        var covered = [Double](repeating: 0, count: whole.parameterCount)
        for (width, weight) in weights.enumerated() where weight > 0 {
            for range in submodel(width: width, round: round.number).places {
                for i in range { covered[i] += weight }
            }
        }
        for i in covered.indices where covered[i] > 0 && covered[i] < total {
            mean[i] = Float(Double(mean[i]) * total / covered[i])
        }
    }
}
