package import Records
package import Runtime

/// What the server of a run works with, in whatever way its clients are trained. Made by ``Session`` on rank 0, handed
/// to a ``TrainingScheme`` for its exchange, and to ``RoundLoop``.
package struct ServerContext {
    package let job: Job
    /// What clients keep between rounds; nil when they keep nothing.
    package let states: ClientStates?
    /// The source of cohorts, shared by round loop and asynchronous exchange.
    package let cohorts: CohortSource
    /// The state that the run continues from, validated for the job; nil at its beginning.
    package let resuming: RunState?
    /// Raised by a signal; looked at between batches and while waiting.
    package let stop: StopFlag
    /// The server's phases.
    package let timeline: Timeline
}
