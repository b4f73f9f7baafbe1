package import Federation
package import Records

/// What whoever does a sweep says on the way, and who else looks on at its runs.
package struct SweepReporter {
    /// Gets one line at a time, from any thread.
    package let warn: @Sendable (String) -> Void
    /// Observers of a run, beside those that fill its folder; asked for on its server.
    package let observers: (_ job: Job, _ run: SweepRun) -> [any RoundObserver]

    package init(
        warn: @escaping @Sendable (String) -> Void,
        observers: @escaping (_ job: Job, _ run: SweepRun) -> [any RoundObserver] = { _, _ in [] }
    ) {
        (self.warn, self.observers) = (warn, observers)
    }
}
