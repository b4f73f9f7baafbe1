import Foundation
import MPI

/// What connects the ranks of a ``ThreadRanks`` job: their mailboxes and the collectives under way.
///
/// One lock guards everything, so that the order of events is easy to reason about; speed is not the aim.
final class Fabric: @unchecked Sendable {
    // Sendable: all mutable state, also that of `ThreadTransfer`, is read and written under `condition`.

    /// Where a rank of a communicator receives.
    struct Address: Hashable {
        let context: Int
        let rank: Int
    }

    let rankCount: Int
    private let condition = NSCondition()
    private var failure: String?
    private var mailboxes: [Address: Mailbox] = [:]
    private var meetings: [Meeting.Key: Meeting] = [:]
    private var nextContext = 1
    private var blocked: [Int: String] = [:]

    init(rankCount: Int) {
        self.rankCount = rankCount
    }

    /// Runs `body` under the lock and wakes who waits for its effect.
    func update<R, E: Error>(_ body: () throws(E) -> R) throws(E) -> R {
        condition.lock()
        defer {
            condition.broadcast()
            condition.unlock()
        }
        return try body()
    }

    /// Blocks the calling rank until `result` gives something, which it does under the lock.
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

    /// Waits for something that happens under the lock.
    ///
    /// - Returns: whether it happened before the deadline.
    func wait(until deadline: Date, for event: () -> Bool) -> Bool {
        condition.lock()
        defer { condition.unlock() }
        while !event() {
            if !condition.wait(until: deadline) { return event() }
        }
        return true
    }

    /// Ends all waiting with an error; the first reason stays.
    func fail(_ reason: String) {
        condition.lock()
        failure = failure ?? reason
        condition.broadcast()
        condition.unlock()
    }

    /// What blocked ranks are in, for a message.
    var blockedRanks: String {
        condition.lock()
        defer { condition.unlock() }
        return blocked.sorted { $0.key < $1.key }.map { "rank \($0.key) in \($0.value)" }.joined(separator: ", ")
    }

    // The following are called under the lock.

    func checkIsAlive(_ function: String) throws(MPIError) {
        if let failure { throw MPIError(function: function, code: 16, message: failure) }
    }

    func withMailbox<R>(_ address: Address, _ body: (inout Mailbox) -> R) -> R {
        body(&mailboxes[address, default: Mailbox()])
    }

    /// Joins a collective; the last of its members carries it out.
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
