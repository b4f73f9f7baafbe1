public import FedCore
import Records

/// Keeps running means and variances of batch normalisation away from the strategy: they move by the clients' mean
/// change, whatever the strategy's step. A server's momentum, or a scaled update, could make a variance negative.
///
/// On the client the statistics are cut out before the strategy's `finish`, so that norms and control variates do not
/// see them, and are put into the message afterwards; on the server it is the other way round.
public struct RunningStatistics: UpdateStage {
    public static let name = "running-statistics"
    public static let summary = "moves the running statistics of batch normalisation by their mean change"
    public static let halves: StageHalves = [.client, .server]

    /// Where the statistics lie.
    private let layout: UpdateLayout
    /// Statistics that are held back while the strategy works.
    private var held: [Float] = []

    /// The stage of a model that has statistics; nil without, and where a step mixes models with a rate of at most 1:
    /// between two variances there is only a variance.
    public init?(_ setup: StageSetup) {
        layout = setup.layout
        // A mixture of models is one already: of two variances it makes a third between them.
        let mixes = setup.strategy.asynchronous?.contribution == .model && setup.settings.serverLr <= 1
        if layout.statistics.isEmpty || mixes { return nil }
    }

    /// Cuts the change of the statistics out of the update, and leaves zeros.
    public mutating func beforeStrategy(_ update: inout MutableSpan<Float>, in turn: ClientTurn) {
        held = taken(from: update.span)
        put([Float](repeating: 0, count: held.count), into: &update)
    }

    /// Puts the change into the message: in its place, or, where updates are scaled, behind what is scaled.
    public mutating func onClient(
        _ message: inout MutableSpan<Float>, state: inout MutableSpan<Float>, in turn: ClientTurn
    ) {
        if layout.shape.isScaled {
            for (i, value) in held.enumerated() { message[layout.shape.scaledCount + i] = value }
        } else {
            put(held, into: &message)
        }
    }

    /// Computes the new statistics, old ones plus mean change.
    public mutating func onServer(
        _ mean: inout MutableSpan<Float>, weights: Span<Float>, in round: AggregatedRound
    ) {
        let change =
            layout.shape.isScaled
            ? (layout.shape.scaledCount..<layout.shape.averaged).map { mean[$0] } : taken(from: mean.span)
        held = zip(taken(from: weights), change).map(+)
    }

    /// Puts the new statistics into the weights, over what the strategy's step made of them.
    public mutating func afterStrategy(_ weights: inout MutableSpan<Float>, in round: AggregatedRound) {
        put(held, into: &weights)
    }

    /// The statistics in a vector, in their order. O(statistics), with an array of as many.
    private func taken(from vector: Span<Float>) -> [Float] {
        var values: [Float] = []
        for range in layout.statistics { for i in range { values.append(vector[i]) } }
        return values
    }

    /// Writes statistics into their places in a vector.
    /// - Parameter values: as many as there are statistics, in the order of ``taken(from:)``.
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
