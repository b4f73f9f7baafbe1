import FedCore
import Federation
import FoundationEssentials
import Recording
import Records

/// An observer that says, in one line on standard error, that a run has ended because its privacy budget is spent, and knows the exit
/// code of such an end.
final class BudgetNotice: RoundObserver {
    /// The exit code of a run that ends before its last round because another would pass `--epsilon`.
    static let exitCode: Int32 = 4

    private let folder: RunFolder
    /// The code that the run's end calls for: 0, or ``exitCode``.
    private(set) var code: Int32 = 0

    /// Makes the observer; prints nothing.
    init(folder: RunFolder) { self.folder = folder }

    func runFinished(_ summary: RunSummary, weights: Span<Float>) {
        guard summary.isBudgetSpent, let reason = summary.earlyEnd else { return }
        code = Self.exitCode
        Console.error(
            "fedmpi: the privacy budget is spent after \(Format.count(summary.rounds, "round")): \(reason); saved in "
                + folder.url.relativePath.shellWord, onItsOwnLine: true)
    }
}
