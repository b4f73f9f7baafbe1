public import FedCore

/// Behaviour of a malicious client, simulated to measure what an aggregation rule withstands.
///
/// An attack is a ``DataAttack``, an ``UpdateAttack`` or a ``CollusionAttack``, by the place where it acts:
/// before training, after it, or at the server, where the attackers' updates meet. The settings of the run say
/// which clients are attackers; the others never see the attack. To add one, write one file in `Attacks/` and
/// one line in ``Attacks/all``.
public protocol Attack: Sendable {
    /// The name on the command line.
    static var name: String { get }
    /// One line for `--help`, with the options and their defaults.
    static var summary: String { get }

    /// Creates an attack with these options.
    ///
    /// - Throws: `ConfigurationError` when a value is not accepted.
    init(_ options: inout OptionReader) throws(ConfigurationError)

    /// Further metrics that a run under this attack records; none by default.
    var metrics: [Metric] { get }

    /// The attack itself if it spoils the attacker's samples, else nil.
    var onData: (any DataAttack)? { get }
    /// The attack itself if it changes single updates, else nil.
    var onUpdate: (any UpdateAttack)? { get }
    /// The attack itself if attackers agree with each other, else nil.
    var collusion: (any CollusionAttack)? { get }
    /// The attack itself if it plants a trigger, else nil.
    var trigger: (any TriggerAttack)? { get }
}

extension Attack {
    public var metrics: [Metric] { [] }
    public var onData: (any DataAttack)? { nil }
    public var onUpdate: (any UpdateAttack)? { nil }
    public var collusion: (any CollusionAttack)? { nil }
    public var trigger: (any TriggerAttack)? { nil }
}

/// An attack on the samples that the attacker trains on; the training itself is honest.
public protocol DataAttack: Attack {
    /// Refuses data that the attack does not fit; called before the first round.
    ///
    /// - Parameters:
    ///   - classes: number of classes.
    ///   - height: rows of an image.
    ///   - width: columns of an image.
    /// - Throws: `ConfigurationError` that says what it needs.
    func validate(classes: Int, height: Int, width: Int) throws(ConfigurationError)

    /// Changes a training sample. Called for every sample of every batch, so it should allocate nothing.
    ///
    /// - Parameters:
    ///   - image: `[channels, height, width]`; bytes have become values in [0, 1].
    ///   - label: the class, in 0 ..< classes before and after.
    ///   - height: rows of the image.
    ///   - width: columns of the image.
    ///   - classes: number of classes.
    ///   - stream: random numbers addressed by client and sample, so that a sample has the same fate in every
    ///     epoch.
    func poison(
        _ image: inout MutableSpan<Float>, label: inout Int32, height: Int, width: Int, classes: Int,
        stream: inout RandomStream)
}

extension DataAttack {
    public var onData: (any DataAttack)? { self }
    public func validate(classes: Int, height: Int, width: Int) throws(ConfigurationError) {}
}

/// An attack that plants something which test samples can carry, too, so that one can measure how often it
/// works. The server evaluates the global model on stamped test images of the other classes and records the
/// share that is taken for ``target``.
public protocol TriggerAttack: DataAttack {
    /// Class for which samples with the trigger are to be taken.
    var target: Int { get }

    /// Puts the trigger on an image `[channels, height, width]`. O(size of the trigger).
    func stamp(_ image: inout MutableSpan<Float>, height: Int, width: Int)
}

extension TriggerAttack {
    public var metrics: [Metric] { [.attackSuccess] }
    public var trigger: (any TriggerAttack)? { self }
}

/// An attack that changes the update which the attacker has trained honestly.
public protocol UpdateAttack: Attack {
    /// Changes an update. It must stay finite: the server refuses others.
    ///
    /// - Parameters:
    ///   - update: the attacker's change of the weights, `[parameters]`.
    ///   - stream: random numbers addressed by round and client.
    /// - Complexity: O(update.count).
    func forge(_ update: inout MutableSpan<Float>, stream: inout RandomStream)
}

extension UpdateAttack {
    public var onUpdate: (any UpdateAttack)? { self }
}

/// An attack by clients that know each other's updates of the same round and agree on what to send. It is
/// simulated at the server, which has all of them.
public protocol CollusionAttack: Attack {
    /// Changes the attackers' rows.
    ///
    /// - Parameters:
    ///   - rows: indices of the attackers' rows.
    ///   - updates: the whole cohort's updates. Of the honest ones only their number is used: the attackers do
    ///     not know them.
    func forge(rows: [Int], of updates: inout UpdateMatrix)
}

extension CollusionAttack {
    public var collusion: (any CollusionAttack)? { self }
}
