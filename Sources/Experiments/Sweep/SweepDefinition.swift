package import Foundation

/// The definition of a sweep: its runs, how ranks are shared out among them, and what its table shows.
///
/// `SweepFile` in the command line makes it from a YAML file; ``SweepPlan`` compares it with what the folder already
/// has.
package struct SweepDefinition {
    /// The file it was read from, of which the sweep's folder gets a copy; nil when it was not read from a file.
    package let source: URL?
    /// The runs in the order of the file; their indices identify them in messages and reports.
    package let points: [SweepPoint]
    /// Ranks in each group, at least 1; nil lets ``SweepGroup`` choose.
    package let ranksPerRun: Int?
    /// Accuracy in (0, 1] that runs are to reach.
    package let target: Double?
    /// The columns of the table; nil takes those for which some run has a value.
    package let columns: [SweepColumn]?

    /// Makes a definition; nothing is checked here, ``SweepPlan`` does.
    package init(
        source: URL?, points: [SweepPoint], ranksPerRun: Int? = nil, target: Double? = nil,
        columns: [SweepColumn]? = nil
    ) {
        (self.source, self.points, self.ranksPerRun) = (source, points, ranksPerRun)
        (self.target, self.columns) = (target, columns)
    }
}
