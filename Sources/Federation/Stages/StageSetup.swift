public import Aggregation
public import Datasets
public import FedCore
public import Records

/// Everything that a stage or a step hook can be made from: the same on every rank.
public struct StageSetup: Sendable {
    public var settings: RunSettings
    public var strategy: any Strategy
    /// Where things lie in what a client sends.
    public var layout: UpdateLayout
    /// What attackers do; nil without.
    public var attack: (any Attack)?
    /// Numbers of the clients that attack.
    public var attackers: Set<Int>
    /// Shape of a training image, and how many classes there are.
    public var image: ImageShape
    public var classes: Int

    /// Describes a run to stages and step hooks.
    public init(
        _ settings: RunSettings, strategy: any Strategy, layout: UpdateLayout, attack: (any Attack)? = nil,
        attackers: Set<Int> = [], image: ImageShape, classes: Int
    ) {
        self.settings = settings
        self.strategy = strategy
        self.layout = layout
        self.attack = attack
        self.attackers = attackers
        self.image = image
        self.classes = classes
    }
}
