public import FedCore
import Records

/// Keeps running means and variances of batch normalisation away from the strategy: they move by their mean change, whatever
/// the strategy's step. A momentum, or a scaled update, could make a variance negative.
public struct RunningStatistics: UpdateStage {
    public static let name = "running-statistics"
    public static let summary = "moves the running statistics of batch normalisation by their mean change"
    public static let halves: StageHalves = [.client, .server]

    private let layout: UpdateLayout
    /// Held back while the strategy works.
    private var held: [Float] = []

    public init?(_ setup: StageSetup) {
        layout = setup.layout
        // A mixture of models is one already: of two variances it makes a third between them.
        let mixes = setup.strategy.asynchronous?.contribution == .model && setup.settings.serverLr <= 1
        if layout.statistics.isEmpty || mixes { return nil }
    }

    /// Neither a strategy's norms nor what it keeps have them.
    public mutating func beforeStrategy(_ update: inout MutableSpan<Float>, in turn: ClientTurn) {
        held = taken(from: update.span)
        put([Float](repeating: 0, count: held.count), into: &update)
    }

    public mutating func onClient(
        _ message: inout MutableSpan<Float>, state: inout MutableSpan<Float>, in turn: ClientTurn
    ) {
        if layout.shape.isScaled {
            for (i, value) in held.enumerated() { message[layout.shape.scaledCount + i] = value }
        } else {
            put(held, into: &message)
        }
    }

    public mutating func onServer(
        _ mean: inout MutableSpan<Float>, weights: Span<Float>, in round: AggregatedRound
    ) {
        let change =
            layout.shape.isScaled
            ? (layout.shape.scaledCount..<layout.shape.averaged).map { mean[$0] } : taken(from: mean.span)
        held = zip(taken(from: weights), change).map(+)
    }

    public mutating func afterStrategy(_ weights: inout MutableSpan<Float>, in round: AggregatedRound) {
        put(held, into: &weights)
    }

    private func taken(from vector: Span<Float>) -> [Float] {
        var values: [Float] = []
        for range in layout.statistics { for i in range { values.append(vector[i]) } }
        return values
    }

    private func put(_ values: [Float], into vector: inout MutableSpan<Float>) {
        var next = 0
        for range in layout.statistics {
            for i in range {
                vector[i] = values[next]
                next += 1
            }
        }
    }
}
