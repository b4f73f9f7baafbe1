import FedCore

/// Clients that are canaries send what an audit has them send: far longer than the clip, which clips it to C. Added before the
/// clipping by ``TrainingAudit``; at the server it sees how far each round's step has moved the weights.
struct PlantedCanaries: UpdateStage {
    static let name = "canaries"
    static let summary = "has an audit's canaries send what it can recognise"
    static let halves: StageHalves = [.client, .server]

    private let canaries: CanaryRecord
    private let parameters: Int
    /// Weights before the step.
    private var before: [Float] = []

    /// How much longer than the clip an update of a canary is: whether it is clipped is audited, too.
    private static let excess = 100.0

    /// The stage of an audit of clients; nil in every other run.
    init?(_ setup: StageSetup) {
        guard let canaries = setup.canaries else { return nil }
        self.canaries = canaries
        parameters = setup.layout.parameters
    }

    /// Replaces what a canary has trained. O(parameters).
    mutating func onClient(
        _ message: inout MutableSpan<Float>, state: inout MutableSpan<Float>, in turn: ClientTurn
    ) {
        guard canaries.isCanary(client: turn.client) else { return }
        var update = message.part(0..<parameters)
        for i in 0..<update.count { update[unchecked: i] = 0 }
        canaries.add(turn.client, length: Self.excess * canaries.terms.clip, to: &update, round: turn.round)
    }

    mutating func onServer(_ mean: inout MutableSpan<Float>, weights: Span<Float>, in round: AggregatedRound) {
        before = weights.indices.map { weights[$0] }
    }

    mutating func afterStrategy(_ weights: inout MutableSpan<Float>, in round: AggregatedRound) {
        var change = before
        for i in change.indices { change[i] = weights[unchecked: i] - before[i] }
        canaries.released(change, round: round.number)
    }
}
