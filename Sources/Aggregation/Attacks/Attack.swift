public import FedCore

/// What a malicious client does, to test what the server withstands. It is one of ``DataAttack``, ``UpdateAttack`` and
/// ``CollusionAttack``.
public protocol Attack: Sendable {
    /// The name on the command line.
    static var name: String { get }
    /// One line for `--help`, with the options.
    static var summary: String { get }

    /// An attack with these options.
    /// - Throws: `ConfigurationError` when a value is not accepted.
    init(_ options: inout OptionReader) throws(ConfigurationError)

    /// What a run under it measures.
    var metrics: [Metric] { get }

    /// Itself, if it is of this kind; nil by default.
    var onData: (any DataAttack)? { get }
    var onUpdate: (any UpdateAttack)? { get }
    var collusion: (any CollusionAttack)? { get }
    var trigger: (any TriggerAttack)? { get }
}

extension Attack {
    public var metrics: [Metric] { [] }
    public var onData: (any DataAttack)? { nil }
    public var onUpdate: (any UpdateAttack)? { nil }
    public var collusion: (any CollusionAttack)? { nil }
    public var trigger: (any TriggerAttack)? { nil }
}

/// Spoils what the attacker trains on; then it trains honestly.
public protocol DataAttack: Attack {
    /// Refuses data that the attack does not fit.
    /// - Throws: `ConfigurationError` that says what it needs.
    func validate(classes: Int, height: Int, width: Int) throws(ConfigurationError)

    /// Changes a training sample.
    /// - Parameters:
    ///   - image: `[channels, height, width]`, in [0, 1].
    ///   - label: in 0 ..< classes, and stays there.
    ///   - stream: addressed by client and sample, so that a sample has the same fate in every epoch.
    func poison(
        _ image: inout MutableSpan<Float>, label: inout Int32, height: Int, width: Int, classes: Int,
        stream: inout RandomStream)
}

extension DataAttack {
    public var onData: (any DataAttack)? { self }
    public func validate(classes: Int, height: Int, width: Int) throws(ConfigurationError) {}
}

/// Plants something that test samples can carry, too, so that one can see how often it works.
public protocol TriggerAttack: DataAttack {
    /// The class that samples with the trigger are to be taken for.
    var target: Int { get }

    /// Puts the trigger on an image `[channels, height, width]`.
    func stamp(_ image: inout MutableSpan<Float>, height: Int, width: Int)
}

extension TriggerAttack {
    public var metrics: [Metric] { [.attackSuccess] }
    public var trigger: (any TriggerAttack)? { self }
}

/// Changes the update that the attacker has trained honestly.
public protocol UpdateAttack: Attack {
    /// Changes an update, which stays finite. O(count).
    /// - Parameter stream: addressed by round and client.
    func forge(_ update: inout MutableSpan<Float>, stream: inout RandomStream)
}

extension UpdateAttack {
    public var onUpdate: (any UpdateAttack)? { self }
}

/// Attackers that know each other's updates, of the same round, and agree on what to send.
public protocol CollusionAttack: Attack {
    /// Changes the attackers' rows.
    /// - Parameters:
    ///   - rows: the attackers'.
    ///   - updates: the whole cohort's; of the others nothing is used but how many they are.
    func forge(rows: [Int], of updates: inout UpdateMatrix)
}

extension CollusionAttack {
    public var collusion: (any CollusionAttack)? { self }
}
