import Foundation
import MPI

/// What connects the ranks of a ``ThreadRanks`` job: their mailboxes and the collectives under way.
///
/// One lock guards everything, so that the order of events is easy to reason about; speed is not the aim. Each
/// change wakes all waiting ranks, who look whether it concerns them: fine for the few ranks of a test. Data is
/// moved under the lock, too, so at any moment at most one thread touches memory that belongs to a transfer.
final class Fabric: @unchecked Sendable {
    // Sendable: all mutable state, also that of `ThreadTransfer`, is read and written under `condition`.

    /// The place at which a rank of a communicator receives.
    struct Address: Hashable {
        /// The communicator's number within the job.
        let context: Int
        /// The rank within that communicator.
        let rank: Int
    }

    /// The number of ranks of the job. With one rank every wait is an error, because nobody else could end it.
    let rankCount: Int
    /// The lock, and the signal that something changed under it.
    private let condition = NSCondition()
    /// The reason why the job has ended; nil while it runs.
    private var failure: String?
    /// The mailboxes, made when they are first used.
    private var mailboxes: [Address: Mailbox] = [:]
    /// The collectives that some of their members, but not all, have begun.
    private var meetings: [Meeting.Key: Meeting] = [:]
    /// The first number that no communicator has. The world is 0.
    private var nextContext = 1
    /// The function that each blocked rank of the job is in, for the message of a job that hangs.
    private var blocked: [Int: String] = [:]
    /// The function with which each rank of the job has last asked, without waiting, for something not there yet.
    private var polled: [Int: (function: String, at: ContinuousClock.Instant)] = [:]

    /// Connects the ranks of a new job.
    init(rankCount: Int) {
        self.rankCount = rankCount
    }

    /// Runs `body` under the lock and wakes the ranks that wait for its effect.
    func update<R, E: Error>(_ body: () throws(E) -> R) throws(E) -> R {
        condition.lock()
        defer {
            condition.broadcast()
            condition.unlock()
        }
        return try body()
    }

    /// Blocks the calling rank until `result` gives something.
    ///
    /// - Parameters:
    ///   - worldRank: the caller's rank in the job.
    ///   - function: the C function that the wait stands for.
    ///   - result: is called under the lock, at first and after each change; nil means to wait on.
    /// - Throws: what `result` throws; `MPIError` when the job has failed or has only this rank.
    func wait<R>(worldRank: Int, in function: String, for result: () throws(MPIError) -> R?) throws(MPIError) -> R {
        condition.lock()
        defer { condition.unlock() }
        while true {
            if let value = try result() { return value }
            try checkIsAlive(function)
            guard rankCount > 1 else {
                throw MPIError(function: function, code: 16, message: "waits for ever: there is no other rank")
            }
            blocked[worldRank] = function
            condition.wait()
            blocked[worldRank] = nil
        }
    }

    /// Waits for something that happens under the lock; for the thread that started the job, not for ranks.
    ///
    /// - Parameters:
    ///   - deadline: the moment to give up.
    ///   - event: is called under the lock.
    /// - Returns: whether it happened before the deadline.
    func wait(until deadline: Date, for event: () -> Bool) -> Bool {
        condition.lock()
        defer { condition.unlock() }
        while !event() {
            if !condition.wait(until: deadline) { return event() }
        }
        return true
    }

    /// Ends the job: all waiting calls, and those that follow, throw an error with this reason. The first
    /// reason stays.
    func fail(_ reason: String) {
        condition.lock()
        failure = failure ?? reason
        condition.broadcast()
        condition.unlock()
    }

    /// What each of these ranks does: `rank 1 waits in MPI_Recv, rank 2 asks again and again in MPI_Iprobe, rank 3 computes`.
    func describe(_ ranks: [Int]) -> String {
        condition.lock()
        defer { condition.unlock() }
        return ranks.map { "rank \($0) \(doing($0))" }.joined(separator: ", ")
    }

    /// Called under the lock.
    private func doing(_ rank: Int) -> String {
        if let function = blocked[rank] { return "waits in \(function)" }
        guard let last = polled[rank] else { return "computes" }
        let silence = ContinuousClock.now - last.at
        // Whoever polls sleeps for milliseconds in between.
        if silence < .seconds(1) { return "asks again and again in \(last.function)" }
        return "computes, and last asked in \(last.function) \(silence.components.seconds) s ago"
    }

    // The following are called under the lock.

    /// Notes that a rank has asked for what is not there yet. Called under the lock.
    func notePoll(of worldRank: Int, in function: String) {
        polled[worldRank] = (function, .now)
    }

    /// Throws when the job has failed. Called under the lock.
    func checkIsAlive(_ function: String) throws(MPIError) {
        if let failure { throw MPIError(function: function, code: 16, message: failure) }
    }

    /// Gives access to a mailbox. Called under the lock.
    func withMailbox<R>(_ address: Address, _ body: (inout Mailbox) -> R) -> R {
        body(&mailboxes[address, default: Mailbox()])
    }

    /// Joins a collective; the last of its members carries it out. Called under the lock.
    ///
    /// Members may be several collectives apart: a rank that only begins them need not wait for the others, so
    /// each collective of a communicator has a meeting of its own.
    ///
    /// - Parameters:
    ///   - key: which collective it is.
    ///   - members: how many ranks take part.
    ///   - rank: the caller's rank among them.
    ///   - part: what the caller brings.
    ///   - transfer: the caller's transfer, which becomes complete or fails with everybody's.
    /// - Throws: `MPIError` when the job has failed. Calls that do not fit together fail the transfers instead,
    ///   on every rank.
    func join(
        _ key: Meeting.Key, members: Int, rank: Int, _ part: Meeting.Part, _ transfer: ThreadTransfer
    ) throws(MPIError) {
        try checkIsAlive(part.function)
        let meeting = meetings[key] ?? Meeting(members: members)
        meetings[key] = meeting
        meeting.parts[rank] = (part, transfer)
        guard meeting.parts.count == members else { return }
        meetings[key] = nil
        meeting.complete(firstContext: nextContext)
        nextContext += members
    }
}
