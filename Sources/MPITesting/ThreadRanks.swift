import Foundation
public import MPI

/// Runs the ranks of a job as threads of this process, so that tests need no `mpirun`.
///
/// ```swift
/// let sums = try ThreadRanks.run(4) { world in try world.allReduce(Int64(world.rank), .sum) }
/// #expect(sums == [6, 6, 6, 6])
/// ```
///
/// A deadlock becomes an error that says where each rank waits, and a debugger, a sanitizer or a coverage tool
/// sees all ranks at once. Unlike processes the ranks share global state: what a test shows about files,
/// signals or the death of a rank it must show under `mpirun`.
///
/// Return values and assert outside: an expectation in a foreign thread does not belong to its test.
public enum ThreadRanks {
    /// The error of a job that did not end in time; most often a deadlock.
    public struct TimedOut: Error, CustomStringConvertible {
        /// The ranks that had not returned, whether they waited or computed.
        public let ranks: [Int]
        /// One line with the ranks, and the calls in which they wait or ask again and again.
        public let description: String
    }

    /// Runs `body` once on each of `count` ranks and returns the results in rank order. Blocks until all have
    /// returned.
    ///
    /// - Parameters:
    ///   - count: the number of ranks, at least 1; each is a thread with a stack of 16 MiB.
    ///   - timeout: for the whole job; then its waiting calls end with errors. A rank that computes is not stopped.
    ///   - body: gets the communicator of all ranks, to be used from its own thread only.
    /// - Throws: the error that left a rank first, which also ends the waiting calls of the others; or ``TimedOut``.
    public static func run<R: Sendable>(
        _ count: Int, timeout: Duration = .seconds(120), _ body: @escaping @Sendable (any Communicator) throws -> R
    ) throws -> [R] {
        let job = Job<R>(count)
        try job.run(timeout: timeout, body)
        if let first = job.firstFailure { throw first }
        return try job.outcomes.compactMap { try $0?.get() }
    }

    /// Runs `body` on each rank and gives each rank's own result or error, for tests of what a failure does to others.
    ///
    /// ```swift
    /// let outcomes = try ThreadRanks.outcomes(3) { world in
    ///     if world.rank == 1 { throw Failed() }
    ///     try world.barrier()
    /// }
    /// // outcomes[1] is the error itself; those of 0 and 2 say that rank 1 failed.
    /// ```
    ///
    /// - Throws: ``TimedOut`` only; the parameters are those of ``run(_:timeout:_:)``.
    public static func outcomes<R: Sendable>(
        _ count: Int, timeout: Duration = .seconds(120), _ body: @escaping @Sendable (any Communicator) throws -> R
    ) throws -> [Result<R, any Error>] {
        let job = Job<R>(count)
        try job.run(timeout: timeout, body)
        return job.outcomes.compactMap { $0 }
    }
}

/// The threads of one job and what they returned.
private final class Job<R: Sendable>: @unchecked Sendable {
    // Sendable: `outcomes` and `firstFailure` change under the fabric's lock, and are read after all ranks returned.

    /// What connects the ranks; its lock guards what this object keeps.
    private let fabric: Fabric
    /// Each rank's result or error, in rank order; nil while it runs. Changes under the fabric's lock.
    private(set) var outcomes: [Result<R, any Error>?]
    /// The first error to leave a rank. Those of the others are mostly its consequences.
    private(set) var firstFailure: (any Error)?

    /// Makes a job whose ranks have not started.
    init(_ count: Int) {
        precondition(count > 0, "a job without ranks")
        fabric = Fabric(rankCount: count)
        outcomes = Array(repeating: nil, count: count)
    }

    /// Starts a thread per rank and waits for all of them.
    ///
    /// - Throws: ``ThreadRanks/TimedOut``. Threads that compute may then still run; they keep the job alive.
    func run(timeout: Duration, _ body: @escaping @Sendable (any Communicator) throws -> R) throws {
        let count = outcomes.count
        for rank in 0..<count {
            let thread = Thread { [self] in
                let world = ThreadCommunicator(fabric, context: 0, rank: rank, size: count, worldRank: rank)
                record(Result { try body(world) }, of: rank)
            }
            thread.stackSize = 16 << 20
            thread.start()
        }
        if wait(timeout) { return }

        let late = fabric.update { outcomes.indices.filter { outcomes[$0] == nil } }
        let text = "ranks \(late) had not returned after \(timeout): \(fabric.describe(late))"
        fabric.fail(text)
        // The threads that only wait end soon; their results are not used.
        _ = wait(.seconds(2))
        throw ThreadRanks.TimedOut(ranks: late, description: text)
    }

    /// Keeps a rank's outcome; an error ends the job for all.
    private func record(_ outcome: Result<R, any Error>, of rank: Int) {
        if case .failure(let error) = outcome {
            fabric.update { firstFailure = firstFailure ?? error }
            fabric.fail("rank \(rank) failed: \(error)")
        }
        fabric.update { outcomes[rank] = outcome }
    }

    /// Waits for the ranks.
    ///
    /// - Parameter timeout: from the moment of the call.
    /// - Returns: whether all of them have returned.
    private func wait(_ timeout: Duration) -> Bool {
        let seconds = Double(timeout.components.seconds) + Double(timeout.components.attoseconds) * 1e-18
        return fabric.wait(until: Date(timeIntervalSinceNow: seconds)) { !outcomes.contains { $0 == nil } }
    }
}
