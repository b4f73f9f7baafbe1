import Devices
import FedCore

/// The lengths of all vectors that cross between server and clients, and which of the model's parameters they are.
/// Derived from model and strategy, alike on every rank, so no length is ever sent.
///
/// ```
/// down     federated weights │ broadcast vectors of the strategy                      [down]
/// up       change of the federated weights │ extra vectors │ extra numbers            [up]
///          the last number of a clip that adapts: how the change stands to it
/// state    strategy's vectors │ own parameters − initial weights │ stages' vectors    [state]
/// slot     up │ state                                                                 [slot]
/// ```
///
/// Where parameters stay with the clients (FedPer, FedBN), "federated" are the others, in their order.
struct JobVectors: Sendable, Equatable {
    /// Number of parameters of the model.
    let parameters: Int
    /// The parameters that stay with the clients, as ascending ranges of the flat weights; empty when none do.
    let personal: [Range<Int>]
    /// The parameters that a client has of its own: all of the model's (Ditto), those that stay with it, or none.
    private let own: [Range<Int>]
    /// The parameters that are federated, as ascending ranges of the flat weights.
    let shared: [Range<Int>]
    /// Where running statistics lie among the federated parameters. They are averaged, whatever the strategy: a step of
    /// the server, or a scaled update, could make a variance negative.
    let statistics: [Range<Int>]
    /// The federated parameters, as they lie among themselves.
    private let tensors: [CodecTensor]
    /// Number of federated parameters: the length of a strategy's vectors.
    let sharedCount: Int
    /// Floats that go down: the federated weights and what goes beside them.
    let down: Int
    /// Shape of what comes up, as it is summed: the update and what comes beside it.
    let shape: UpdateShape
    /// Vectors, each as long as the federated parameters, beside the weights that go down.
    private let broadcastVectors: Int
    /// Vectors, each as long, beside the update that comes up.
    private let extraVectors: Int
    /// Floats that a client keeps for its strategy, at the beginning of its state.
    let strategyState: Int
    /// Floats of a client's state: the strategy's part, and the client's own parameters as differences from the initial
    /// weights, so that a client without a state has these; then the stages' parts.
    private(set) var state: Int
    /// Each stage's part of a client's state, behind the strategy's and the client's own parameters.
    private(set) var stageStates: [Range<Int>] = []

    /// Derives the lengths.
    /// - Parameters:
    ///   - ownFloats: what a client keeps of a model that is not the federated one, where it has its own parameters
    ///     otherwise; 0 where it has none.
    ///   - privateNumbers: numbers that differential privacy sends up behind everything else.
    /// - Throws: `ConfigurationError` when the strategy cannot work with this model.
    init(
        _ layout: ParameterLayout, _ strategy: any Strategy, ownFloats: Int = 0, privateNumbers: Int = 0
    ) throws(ConfigurationError) {
        let traffic = strategy.traffic
        parameters = layout.count
        personal = strategy.personalization == .parameters ? try strategy.personalParameters(layout) : []
        own = strategy.personalization == .model ? [0..<layout.count] : personal
        var shared: [Range<Int>] = []
        var end = 0
        for range in personal {
            if range.lowerBound > end { shared.append(end..<range.lowerBound) }
            end = range.upperBound
        }
        if end < layout.count { shared.append(end..<layout.count) }
        self.shared = shared
        sharedCount = shared.reduce(0) { $0 + $1.count }
        statistics = Self.places(of: layout.ranges { $0.role == .statistic }.map { CodecTensor($0) }, in: shared)
            .map(\.range)
        tensors = Self.places(
            of: layout.entries.map { CodecTensor($0.range, rows: $0.shape.first ?? 1) }, in: shared)
        (broadcastVectors, extraVectors) = (traffic.broadcastVectors, traffic.extraVectors)
        down = sharedCount * (1 + traffic.broadcastVectors)
        var shape = traffic.uploadShape(
            parameters: sharedCount, statistics: statistics.reduce(0) { $0 + $1.count })
        shape.plain += privateNumbers
        self.shape = shape
        strategyState = sharedCount * traffic.stateVectors
        state = strategyState + own.reduce(ownFloats) { $0 + $1.count }
    }

    /// Where tensors lie among the numbers of some ranges, one behind the other; what is in none of them is left out.
    private static func places(of tensors: [CodecTensor], in ranges: [Range<Int>]) -> [CodecTensor] {
        var places: [CodecTensor] = []
        var start = 0
        for range in ranges {
            places += tensors.compactMap { $0.inside(range, movedTo: start) }
            start += range.count
        }
        return places
    }

    /// The ranges of what comes up whose numbers are of one kind: tensors, those of each further vector, and what is behind.
    var kinds: [Range<Int>] {
        var ranges = (0...extraVectors).flatMap { vector in
            tensors.map { $0.range.lowerBound + vector * sharedCount..<$0.range.upperBound + vector * sharedCount }
        }
        let end = ranges.last?.upperBound ?? 0
        if end < up { ranges.append(end..<up) }
        return ranges
    }

    /// Floats that come up from a client, its state apart.
    var up: Int { shape.sent }
    /// Floats that are averaged: those that come up, without an exponent.
    var averaged: Int { shape.averaged }

    /// Floats that a client's work is written to: what it sends up, and behind it its state.
    var slot: Int { up + state }

    /// What a codec encodes: the change of the federated parameters, and what the strategy sends beside it; but running
    /// statistics are left alone: rounded, they could make a variance negative.
    /// - Parameter ofUpdate: whether it is an update that is encoded; otherwise the weights as they go down, which are
    ///   never scaled.
    func compression(by codec: any UpdateCodec, seed: UInt64, ofUpdate: Bool = true) -> UpdateCompression {
        let encoded = encoded(ofUpdate: ofUpdate)
        let beside = ofUpdate ? (shape.isScaled ? 0 : extraVectors) : broadcastVectors
        return UpdateCompression(
            codec, encoded: encoded, tensors: Self.places(of: tensors, in: encoded), vectors: 1 + beside,
            distance: sharedCount, seed: seed)
    }

    /// A client's place in a message, when it has trained.
    func answer(by compression: UpdateCompression?) -> AnswerFormat {
        AnswerFormat(updateFloats: up, stateFloats: state, compression: compression)
    }

    private func encoded(ofUpdate: Bool) -> [Range<Int>] {
        // Where updates are scaled, running statistics lie behind the blocks.
        guard !ofUpdate || !shape.isScaled else { return [0..<min(shape.scaledCount, sharedCount)] }
        var ranges: [Range<Int>] = []
        var start = 0
        for statistic in statistics {
            if statistic.lowerBound > start { ranges.append(start..<statistic.lowerBound) }
            start = statistic.upperBound
        }
        if start < sharedCount { ranges.append(start..<sharedCount) }
        return ranges
    }

    /// Copies the federated parameters out of a model's. O(parameters).
    /// - Parameters:
    ///   - weights: `[parameters]`.
    ///   - vector: `[sharedCount]`.
    func extractShared(_ weights: Span<Float>, into vector: inout MutableSpan<Float>) {
        precondition(weights.count == parameters && vector.count == sharedCount)
        var next = 0
        for range in shared {
            for i in range {
                vector[unchecked: next] = weights[unchecked: i]
                next += 1
            }
        }
    }

    /// Writes federated parameters into a model's; the others stay. O(parameters).
    func insertShared(_ vector: Span<Float>, into weights: inout MutableSpan<Float>) {
        precondition(weights.count == parameters && vector.count == sharedCount)
        var next = 0
        for range in shared {
            for i in range {
                weights[unchecked: i] = vector[unchecked: next]
                next += 1
            }
        }
    }

    /// Makes room for what stages keep for each client, behind what is there.
    mutating func add(_ stages: [any UpdateStage]) {
        for stage in stages {
            let count = stage.clientVectors * sharedCount
            stageStates.append(state..<state + count)
            state += count
        }
    }

    /// Layout of what a client sends.
    var layout: UpdateLayout { UpdateLayout(parameters: sharedCount, statistics: statistics, shape: shape) }

    /// Moves the exponent that a strategy writes last of what it sends to the end, behind the running statistics, which
    /// are apart where updates are scaled.
    func moveExponent(in message: inout MutableSpan<Float>) {
        if shape.isScaled { message[up - 1] = message[shape.scaledCount] }
    }

    /// A client's own model: its own parameters, from its state, and the federated ones for the others.
    /// - Parameters:
    ///   - initial: the weights that a client without a state starts from, `[parameters]`.
    ///   - shared: federated weights, `[sharedCount]`; not read when the whole model is the client's own.
    ///   - state: the client's state, `[state]`.
    /// - Returns: flat weights, `[parameters]`.
    func ownModel(initial: [Float], shared: Span<Float>, state: Span<Float>) -> [Float] {
        precondition(initial.count == parameters && state.count == self.state)
        var model = initial
        var weights = model.mutableSpan
        var next = strategyState
        for range in own {
            for i in range {
                weights[unchecked: i] += state[unchecked: next]
                next += 1
            }
        }
        if !personal.isEmpty { insertShared(shared, into: &weights) }
        return model
    }

    /// Writes a client's own parameters into its state, where ``ownModel(initial:shared:state:)`` finds them.
    func extractOwn(
        _ weights: Span<Float>, initial: Span<Float>, into state: inout MutableSpan<Float>
    ) {
        precondition(weights.count == parameters && state.count == self.state)
        var next = strategyState
        for range in own {
            for i in range {
                state[unchecked: next] = weights[unchecked: i] - initial[unchecked: i]
                next += 1
            }
        }
    }
}
