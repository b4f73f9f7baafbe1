import Serving

/// How far a fleet has come, on a terminal: a line for each list of work in turn, with the time that is left. On rank 0.
final class ServingProgress {
    private let isQuiet: Bool
    private var stage: FleetProgress.Stage?
    private var bar: WorkProgress?

    /// Begins with the first list that is told of.
    ///
    /// - Parameter isQuiet: whether nothing is to be shown in any case.
    init(isQuiet: Bool) { self.isQuiet = isQuiet }

    /// Draws the line, if it is time to.
    func show(_ progress: FleetProgress) {
        if progress.stage != stage {
            bar?.clear()
            (stage, bar) = (progress.stage, WorkProgress(progress.stage.rawValue, isQuiet: isQuiet))
        }
        bar?.show(Double(progress.done) / Double(progress.all), "\(progress.done) of \(progress.all)")
    }

    /// Takes the line away.
    func clear() { bar?.clear() }
}
