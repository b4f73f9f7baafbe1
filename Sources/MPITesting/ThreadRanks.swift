import Foundation
public import MPI

/// Runs the ranks of a job as threads of this process, so that tests need no `mpirun`.
///
///     let sums = try ThreadRanks.run(4) { world in try world.allReduce(Int64(world.rank), .sum) }
///     #expect(sums == [6, 6, 6, 6])
///
/// Return values and assert outside: an expectation in a foreign thread does not belong to its test.
public enum ThreadRanks {
    /// The job did not end in time.
    public struct TimedOut: Error, CustomStringConvertible {
        /// The ranks that had not returned.
        public let ranks: [Int]
        public let description: String
    }

    /// Runs `body` once on each of `count` ranks and returns the results in rank order.
    ///
    /// - Parameter timeout: for the whole job; then its waiting calls end with errors.
    /// - Throws: the error that left a rank first, which also ends the waiting calls of the others; or ``TimedOut``.
    public static func run<R: Sendable>(
        _ count: Int, timeout: Duration = .seconds(120), _ body: @escaping @Sendable (any Communicator) throws -> R
    ) throws -> [R] {
        let job = Job<R>(count)
        try job.run(timeout: timeout, body)
        if let first = job.firstFailure { throw first }
        return try job.outcomes.compactMap { try $0?.get() }
    }

    /// Like ``run(_:timeout:_:)``, with each rank's own result or error, for tests of what a failure does to others.
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

    private let fabric: Fabric
    private(set) var outcomes: [Result<R, any Error>?]
    private(set) var firstFailure: (any Error)?

    init(_ count: Int) {
        precondition(count > 0, "a job without ranks")
        fabric = Fabric(rankCount: count)
        outcomes = Array(repeating: nil, count: count)
    }

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

        let blocked = fabric.blockedRanks
        let late = fabric.update { outcomes.indices.filter { outcomes[$0] == nil } }
        let text = "ranks \(late) had not returned after \(timeout)" + (blocked.isEmpty ? "" : ": \(blocked)")
        fabric.fail(text)
        // The threads that only wait end soon; their results are not used.
        _ = wait(.seconds(2))
        throw ThreadRanks.TimedOut(ranks: late, description: text)
    }

    private func record(_ outcome: Result<R, any Error>, of rank: Int) {
        if case .failure(let error) = outcome {
            fabric.update { firstFailure = firstFailure ?? error }
            fabric.fail("rank \(rank) failed: \(error)")
        }
        fabric.update { outcomes[rank] = outcome }
    }

    private func wait(_ timeout: Duration) -> Bool {
        let seconds = Double(timeout.components.seconds) + Double(timeout.components.attoseconds) * 1e-18
        return fabric.wait(until: Date(timeIntervalSinceNow: seconds)) { !outcomes.contains { $0 == nil } }
    }
}
