public import Records

/// An observer that keeps the best model of a run beside its last one, in `best.safetensors`: `--keep-best`.
///
/// The best is the most accurate on the test set, of a regression the one with the largest R²; of several that are equally good
/// the first. Only rounds that are evaluated count. A run that is continued goes on from the best of the rounds before its
/// checkpoint, so that the file is the one of a run without interruption.
public final class BestModelWriter: RoundObserver {
    /// The file's name within the run's folder.
    public static let name = "best.safetensors"

    /// The best round so far and its accuracy or R²; nil before the first that was evaluated.
    public private(set) var best: (round: Int, quality: Double)?
    private let folder: RunFolder
    private let troubles: OutputTroubles
    /// The round whose model is to be written.
    private var waiting: Int?

    /// - Parameters:
    ///   - folder: the run's folder.
    ///   - earlier: the records of a continued run before its checkpoint; nil of one that begins.
    ///   - troubles: is told when the file cannot be written, which does not end the run.
    public init(_ folder: RunFolder, resuming earlier: EarlierRecords?, _ troubles: OutputTroubles) {
        (self.folder, self.troubles) = (folder, troubles)
        do { try earlier?.forEachRound { _ = take($0) } } catch { troubles.failed(Self.name, error) }
    }

    /// Takes note of a round; true when it is the best so far.
    private func take(_ record: RoundRecord) -> Bool {
        guard let quality = record.quality, quality > best?.quality ?? -.infinity else { return false }
        best = (record.round, quality)
        return true
    }

    public func roundFinished(_ record: RoundRecord) {
        if take(record) { waiting = record.round }
    }

    public func stateReached(round: Int, isLast: Bool, state: () -> RunState) {
        guard waiting == round else { return }
        waiting = nil
        troubles.attempt(Self.name) {
            try folder.writeModel(state().weights.span, as: Self.name, ["round": "\(round)"])
        }
    }
}
