import Foundation
import Recording
import Synchronization

/// Writes one run's history beside the run: whoever tells it something only appends to a list; once a second a thread
/// writes what is on it, in one transaction.
final class HistoryWriter: Sendable {
    /// What is to be written of the run with this number.
    typealias Change = @Sendable (Database, Int64) throws -> Void

    private struct Notes {
        var pending: [Change] = []
        var lost = 0
        var isOver = false
    }

    private struct Connection {
        var store: RunStore?
        var run: Int64?
        var lastWrite: ContinuousClock.Instant?
        var nextAttempt: ContinuousClock.Instant?
    }

    private let file: URL
    private let begin: @Sendable (Database) throws -> Int64
    private let troubles: OutputTroubles
    private let notes = Mutex(Notes())
    /// Held while the file is written.
    private let connection = Mutex(Connection())
    private let queue = DispatchQueue(label: "run history", qos: .utility)

    private static let interval = 1.0
    /// Readers take a run that has been silent for two minutes for interrupted.
    private static let heartbeat = Duration.seconds(30)
    /// After a failure.
    private static let pause = Duration.seconds(10)
    /// A database that cannot be written must not fill the memory.
    private static let capacity = 100_000

    /// - Parameters:
    ///   - begin: makes the run's row, or finds it, and returns its number.
    ///   - troubles: is told when the file cannot be written.
    init(file: URL, begin: @escaping @Sendable (Database) throws -> Int64, _ troubles: OutputTroubles) {
        self.file = file
        self.begin = begin
        self.troubles = troubles
    }

    /// Writes the run's row, and goes on until `finish` or the writer's end.
    func start() {
        queue.async { [weak self] in self?.tick() }
    }

    /// Any thread. No more than a lock and an append.
    func append(_ change: @escaping Change) {
        notes.withLock { notes in
            guard notes.pending.count < Self.capacity else {
                notes.lost += 1
                return
            }
            notes.pending.append(change)
        }
    }

    /// Writes what is left and waits for it, but not for long.
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

    private func tick() {
        guard !notes.withLock({ $0.isOver }) else { return }
        write()
        queue.asyncAfter(deadline: .now() + Self.interval) { [weak self] in self?.tick() }
    }

    private func write() {
        let changes = notes.withLock { $0.pending }
        let now = ContinuousClock.now
        do {
            let isWritten = try connection.withLock { connection in
                if let next = connection.nextAttempt, now < next { return false }
                if let last = connection.lastWrite, changes.isEmpty, now - last < Self.heartbeat { return false }
                connection.nextAttempt = now + Self.pause
                let store = try connection.store ?? RunStore(at: file)
                connection.store = store
                let known = connection.run
                connection.run = try store.database.write { db in
                    let run = try known ?? begin(db)
                    for change in changes { try change(db, run) }
                    try db.execute("UPDATE runs SET heartbeat_at = ? WHERE id = ?", [Date.now, run])
                    return run
                }
                connection.nextAttempt = nil
                connection.lastWrite = now
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
