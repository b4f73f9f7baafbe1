public import Aggregation
public import Datasets
public import FedCore
public import Records

/// Everything that a stage or a step hook is made from. Every rank makes its own from the same values, so a stage is
/// alike on all.
public struct StageSetup: Sendable {
    /// The run's settings, valid.
    public var settings: RunSettings
    /// The run's strategy.
    public var strategy: any Strategy
    /// Layout of what a client sends.
    public var layout: UpdateLayout
    /// What attackers do; nil without attackers.
    public var attack: (any Attack)?
    /// Numbers of the clients that attack.
    public var attackers: Set<Int>
    /// Shape of a training image.
    public var image: ImageShape
    /// Number of classes.
    public var classes: Int
    /// What encodes updates for the way up; nil when they cross as they are.
    var compression: UpdateCompression?
    /// The canaries of an audit; nil in all other runs.
    var canaries: CanaryRecord?

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
