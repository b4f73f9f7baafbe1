package import Records
package import Runtime

/// What the server of a run works with, whatever way its clients are trained.
package struct ServerContext {
    package let job: Job
    /// Nil when clients keep nothing.
    package let states: ClientStates?
    /// Who is asked next.
    package let cohorts: CohortSource
    /// The state that the run continues from, validated for the job; nil at its beginning.
    package let resuming: RunState?
    package let stop: StopFlag
    package let timeline: Timeline
}
