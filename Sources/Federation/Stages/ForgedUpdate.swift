import Aggregation
public import FedCore

/// Attackers' updates: replaces what attackers have trained honestly by what they send instead (`--attack`, e.g. a sign
/// flip or noise). The last client half in the catalog, so that an attacker forges exactly what would have been sent.
public struct ForgedUpdate: UpdateStage {
    public static let name = "forged-update"
    public static let summary = "has attackers change their updates, as --attack says"
    public static let halves: StageHalves = .client

    private let attack: any UpdateAttack
    /// Numbers of the clients that attack.
    private let attackers: Set<Int>
    /// Length of the update; what the strategy sends beside it is left as it is.
    private let parameters: Int

    /// The stage of a run whose attack changes updates; nil for any other.
    public init?(_ setup: StageSetup) {
        guard let attack = setup.attack?.onUpdate else { return nil }
        self.attack = attack
        attackers = setup.attackers
        parameters = setup.layout.parameters
    }

    /// Forges an attacker's update, with random numbers of this turn. O(parameters).
    public mutating func onClient(
        _ message: inout MutableSpan<Float>, state: inout MutableSpan<Float>, in turn: ClientTurn
    ) {
        guard attackers.contains(turn.client) else { return }
        var update = message.part(0..<parameters)
        var random = turn.stream(.attack)
        attack.forge(&update, stream: &random)
    }
}
