import FedCore

/// How many floats cross between server and clients, and which of the model's they are.
struct JobVectors: Sendable, Equatable {
    /// All parameters of the model.
    let parameters: Int
    /// The parameters that stay with the clients, as ranges of the flat weights; empty: none.
    let personal: [Range<Int>]
    /// The parameters that a client has of its own: all of the model's, those that stay with it, or none.
    private let own: [Range<Int>]
    /// The others, which are what is federated.
    let shared: [Range<Int>]
    /// Where running statistics lie among the federated parameters. They are averaged, whatever the strategy: a step of the
    /// server, or a scaled update, could make a variance negative.
    let statistics: [Range<Int>]
    /// The federated parameters: the length of a strategy's vectors.
    let sharedCount: Int
    /// Down: the federated weights and what goes beside them.
    let down: Int
    /// Up: the update and what comes beside it, as it is summed.
    let shape: UpdateShape
    /// What a client keeps for its strategy, at the beginning of its state.
    let strategyState: Int
    /// A client's state: the strategy's part, and the client's own parameters as differences from the initial weights, so that
    /// a client without a state has these.
    private(set) var state: Int
    /// Each stage's part of a client's state, behind the strategy's and the client's own parameters.
    private(set) var stageStates: [Range<Int>] = []

    /// - Throws: `ConfigurationError` when the strategy cannot work with this model.
    init(_ layout: ParameterLayout, _ strategy: any Strategy) throws(ConfigurationError) {
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
        var statistics: [Range<Int>] = []
        var place = 0
        for range in shared {
            for entry in layout.ranges(where: { $0.role == .statistic }) where range.overlaps(entry) {
                let common = entry.clamped(to: range)
                statistics.append(
                    place + common.lowerBound - range.lowerBound..<place + common.upperBound - range.lowerBound)
            }
            place += range.count
        }
        self.statistics = statistics
        down = sharedCount * (1 + traffic.broadcastVectors)
        shape = traffic.uploadShape(
            parameters: sharedCount, statistics: statistics.reduce(0) { $0 + $1.count })
        strategyState = sharedCount * traffic.stateVectors
        state = strategyState + own.reduce(0) { $0 + $1.count }
    }

    /// Up: floats that come of a client, its state apart.
    var up: Int { shape.sent }
    /// Floats that are averaged.
    var averaged: Int { shape.averaged }

    /// What a client's work is written to: what it sends up, and behind it its state.
    var slot: Int { up + state }
    /// A client's place in a message, when it has trained.
    /// - Parameter codec: Encodes the change of the federated parameters, but for running statistics: rounded, they could make a
    ///   variance negative.
    func answer(by codec: (any UpdateCodec)?) -> AnswerFormat {
        AnswerFormat(updateFloats: up, stateFloats: state, codec: codec, encoded: codec == nil ? [] : encoded)
    }

    private var encoded: [Range<Int>] {
        // Where updates are scaled, running statistics lie behind the blocks.
        guard !shape.isScaled else { return [0..<min(shape.scaledCount, sharedCount)] }
        var ranges: [Range<Int>] = []
        var start = 0
        for statistic in statistics {
            if statistic.lowerBound > start { ranges.append(start..<statistic.lowerBound) }
            start = statistic.upperBound
        }
        if start < sharedCount { ranges.append(start..<sharedCount) }
        return ranges
    }

    /// Copies the federated parameters out of a model's.
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

    /// Puts federated parameters into a model's.
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

    /// Makes room for what stages keep for each client.
    mutating func add(_ stages: [any UpdateStage]) {
        for stage in stages {
            let count = stage.clientVectors * sharedCount
            stageStates.append(state..<state + count)
            state += count
        }
    }

    /// Where things lie in what a client sends.
    var layout: UpdateLayout { UpdateLayout(parameters: sharedCount, statistics: statistics, shape: shape) }

    /// Moves the exponent that a strategy writes last of what it sends to the end, behind the running statistics, which are
    /// apart where updates are scaled.
    func moveExponent(in message: inout MutableSpan<Float>) {
        if shape.isScaled { message[up - 1] = message[shape.scaledCount] }
    }

    /// A client's own model: its own parameters, from its state, and what is federated of the others.
    /// - Parameter initial: the weights that a client without a state starts from.
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

    /// Writes a client's own parameters into its state, from where `ownModel` takes them.
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
