import Aggregation
import Datasets
public import FedCore

/// Attackers' data: changes the samples that attackers train on (`--attack`, e.g. labels that are flipped, or a trigger
/// on images). The first hook, so that an attacker trains, and asks a teacher, on what it has poisoned.
public struct Poisoning: StepHook {
    public static let name = "poisoning"
    public static let summary = "has attackers change what they train on, as --attack says"

    /// How samples are changed.
    private let attack: any DataAttack
    /// Numbers of the clients that attack.
    private let attackers: Set<Int>
    /// Shape of an image.
    private let image: ImageShape
    /// Number of classes.
    private let classes: Int

    /// The hook of a run whose attack changes data; nil for any other.
    public init?(_ setup: StageSetup) {
        guard let attack = setup.attack?.onData else { return nil }
        self.attack = attack
        attackers = setup.attackers
        image = setup.image
        classes = setup.classes
    }

    /// Whether the client is an attacker.
    public func changesSamples(of client: Int) -> Bool { attackers.contains(client) }

    /// Poisons a batch of an attacker in place. The draw depends on client and sample, not on the round: a sample has
    /// the same fate whenever it is trained on.
    /// - Complexity: O(pixels of the batch).
    public func prepare(
        _ images: inout MutableSpan<Float>, labels: inout MutableSpan<Int32>, of samples: Span<UInt32>,
        in turn: ClientTurn
    ) {
        for i in 0..<samples.count {
            var pixels = images.part(i * image.count..<(i + 1) * image.count)
            // Addressed by the sample: it has the same fate in every epoch and round.
            var random = RandomStream(seed: turn.seed, .attack, round: Int(samples[i]), client: turn.client)
            attack.poison(
                &pixels, label: &labels[i], height: image.height, width: image.width, classes: classes,
                stream: &random)
        }
    }
}
