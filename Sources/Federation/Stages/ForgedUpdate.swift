import Aggregation
public import FedCore

/// What attackers make of the updates that they have trained honestly.
public struct ForgedUpdate: UpdateStage {
    public static let name = "forged-update"
    public static let summary = "has attackers change their updates, as --attack says"
    public static let halves: StageHalves = .client

    private let attack: any UpdateAttack
    private let attackers: Set<Int>
    /// Length of the update.
    private let parameters: Int

    public init?(_ setup: StageSetup) {
        guard let attack = setup.attack?.onUpdate else { return nil }
        self.attack = attack
        attackers = setup.attackers
        parameters = setup.layout.parameters
    }

    public mutating func onClient(
        _ message: inout MutableSpan<Float>, state: inout MutableSpan<Float>, in turn: ClientTurn
    ) {
        guard attackers.contains(turn.client) else { return }
        var update = message.part(0..<parameters)
        var random = turn.stream(.attack)
        attack.forge(&update, stream: &random)
    }
}
