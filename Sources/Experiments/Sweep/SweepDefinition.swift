package import Foundation

/// What a sweep is: its runs, and how they are shared out and shown.
package struct SweepDefinition {
    /// The file that says it, of which the sweep's folder gets a copy; nil: there is none.
    package let source: URL?
    package let points: [SweepPoint]
    package let ranksPerRun: Int?
    /// Accuracy in (0, 1] that runs are to reach.
    package let target: Double?
    /// Columns of the table; nil: those that there are.
    package let columns: [SweepFigure]?

    package init(
        source: URL?, points: [SweepPoint], ranksPerRun: Int? = nil, target: Double? = nil,
        columns: [SweepFigure]? = nil
    ) {
        (self.source, self.points, self.ranksPerRun) = (source, points, ranksPerRun)
        (self.target, self.columns) = (target, columns)
    }
}
