import Foundation
import Recording
import Synchronization

/// Writes one run's history beside the run. Changes are appended to a list from any thread, at the cost of a lock; once
/// a second a queue of low priority writes the list in one transaction, so that a slow disk or another process's lock
/// delays no round.
///
/// What cannot be written stays on the list and is tried again, every 10 s. A transaction holds whole changes only, so
/// a reader, or a process that is killed, never sees half a round.
final class HistoryWriter: Sendable {
    /// A change of the file, run in a transaction; it is given the connection and the number of the run's row.
    typealias Change = @Sendable (Database, Int64) throws -> Void

    /// What callers leave for the writing thread.
    private struct Notes {
        /// Changes that are not written, in order.
        var pending: [Change] = []
        /// Share of the round under way that is done; nil between rounds. Only the last one counts, so it is no change.
        var progress: Double?
        /// Changes dropped because the list was full.
        var lost = 0
        /// Whether the run has ended, so that the periodic writing stops.
        var isOver = false
    }

    /// What the writing thread knows of the file.
    private struct Connection {
        /// The open history; nil before the first attempt, and after the file was deleted.
        var store: RunStore?
        /// Number of the run's row; nil until it is written.
        var run: Int64?
        /// The progress that the file has.
        var progress: Double?
        /// When a transaction last succeeded.
        var lastWrite: ContinuousClock.Instant?
        /// Nothing is tried before; nil: at once.
        var nextAttempt: ContinuousClock.Instant?
    }

    /// The history; made when missing.
    private let file: URL
    /// Makes or finds the run's row.
    private let begin: @Sendable (Database) throws -> Int64
    /// Is told when the file cannot be written, and when it can be again.
    private let troubles: OutputTroubles
    /// The list of changes; held for an append or a copy only.
    private let notes = Mutex(Notes())
    /// Held while the file is written, which may take seconds; ``notes`` never is, so appending does not wait.
    private let connection = Mutex(Connection())
    /// Serial, so that attempts do not overlap.
    private let queue = DispatchQueue(label: "run history", qos: .utility)

    /// Seconds between two attempts to write.
    private static let interval = 1.0
    /// How long a run without rounds may leave its row alone. Readers on other hosts take a run that has been silent
    /// for two minutes for interrupted.
    private static let heartbeat = Duration.seconds(30)
    /// Time between a failure and the next attempt.
    private static let pause = Duration.seconds(10)
    /// The most changes on the list: a file that cannot be written must not fill the memory.
    private static let capacity = 100_000

    /// Prepares the writer; nothing is opened yet.
    ///
    /// - Parameters:
    ///   - file: The history, made when missing.
    ///   - begin: Makes the run's row, or finds it, and returns its number. Called again if the file was deleted.
    ///   - troubles: Is told when the file cannot be written, and when it can be again.
    init(file: URL, begin: @escaping @Sendable (Database) throws -> Int64, _ troubles: OutputTroubles) {
        self.file = file
        self.begin = begin
        self.troubles = troubles
    }

    /// Begins to write: the run's row at once, changes every second, until ``finish(within:)`` is called or the writer
    /// is released.
    func start() {
        queue.async { [weak self] in self?.tick() }
    }

    /// Queues a change. May be called from any thread; takes a lock and an append. Beyond 100,000 unwritten changes it
    /// is dropped and counted.
    func append(_ change: @escaping Change) {
        notes.withLock { notes in
            guard notes.pending.count < Self.capacity else {
                notes.lost += 1
                return
            }
            notes.pending.append(change)
        }
    }

    /// Notes how far the round under way is, for the next turn. May be called from any thread.
    ///
    /// - Parameter progress: in [0, 1]; nil between rounds.
    func note(progress: Double?) { notes.withLock { $0.progress = progress } }

    /// Ends the periodic writing, writes what is left, and reports rows that were lost.
    ///
    /// - Parameter seconds: How long to wait at most. The attempt goes on after that, for as long as the process lives.
    func finish(within seconds: Double) {
        notes.withLock { $0.isOver = true }
        let done = DispatchSemaphore(value: 0)
        queue.async {
            self.connection.withLock { $0.nextAttempt = nil }
            self.write()
            done.signal()
        }
        if done.wait(timeout: .now() + seconds) == .timedOut {
            troubles.failed(RunStore.fileName, because: "not written in time")
        }
        let lost = notes.withLock { $0.lost }
        if lost > 0 { troubles.lost("\(lost) rows were lost", of: RunStore.fileName) }
    }

    /// One turn of the periodic writing.
    private func tick() {
        guard !notes.withLock({ $0.isOver }) else { return }
        write()
        queue.asyncAfter(deadline: .now() + Self.interval) { [weak self] in self?.tick() }
    }

    /// Writes all changes that are queued in one transaction, with a heartbeat. Does nothing after a recent failure, or
    /// when there is nothing to write and the last heartbeat is recent. Runs on the queue only.
    private func write() {
        let (changes, progress) = notes.withLock { ($0.pending, $0.progress) }
        let now = ContinuousClock.now
        do {
            let isWritten = try connection.withLock { connection in
                if let next = connection.nextAttempt, now < next { return false }
                if let last = connection.lastWrite, changes.isEmpty, progress == connection.progress,
                    now - last < Self.heartbeat
                {
                    return false
                }
                connection.nextAttempt = now + Self.pause
                let store = try connection.store ?? RunStore(at: file)
                connection.store = store
                let known = connection.run
                connection.run = try store.database.write { db in
                    let run = try known ?? begin(db)
                    for change in changes { try change(db, run) }
                    try db.execute(
                        "UPDATE runs SET heartbeat_at = ?, round_progress = ? WHERE id = ?", [Date.now, progress, run])
                    return run
                }
                connection.nextAttempt = nil
                connection.lastWrite = now
                connection.progress = progress
                notes.withLock { $0.pending.removeFirst(changes.count) }
                return true
            }
            if isWritten { troubles.written(RunStore.fileName) }
        } catch {
            // A file that was deleted is begun anew.
            let isGone = !FileManager.default.fileExists(atPath: file.path)
            if isGone {
                connection.withLock { ($0.store, $0.run) = (nil, nil) }
                troubles.lost("the rounds until it was deleted are missing", of: RunStore.fileName)
            }
            let error = (error as? RunStoreError) ?? RunStoreError(file: file, error)
            troubles.failed(RunStore.fileName, because: isGone ? "it was deleted" : error.reason)
        }
    }
}
