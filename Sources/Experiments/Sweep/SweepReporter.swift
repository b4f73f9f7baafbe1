package import Federation
package import Records

/// The outlet for what a sweep has to say while it is under way.
///
/// Nothing in this target prints: the command line passes closures that do. One reporter serves all runs of a rank.
package struct SweepReporter {
    /// Gets one line at a time, from any thread.
    package let warn: @Sendable (String) -> Void
    /// Makes further observers of a run, beside those that fill its folder; called on the run's server, once for each
    /// run.
    package let observers: (_ job: Job, _ run: SweepRun) -> [any RoundObserver]

    /// Makes a reporter.
    ///
    /// - Parameters:
    ///   - warn: gets one line at a time, without a line break, from any thread.
    ///   - observers: asked when a run starts; none by default.
    package init(
        warn: @escaping @Sendable (String) -> Void,
        observers: @escaping (_ job: Job, _ run: SweepRun) -> [any RoundObserver] = { _, _ in [] }
    ) {
        (self.warn, self.observers) = (warn, observers)
    }
}
