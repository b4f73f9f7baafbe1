import FedCore
import Files
import Foundation
import Records
public import RunStore

/// Starts and keeps runs: the queue of a results folder.
///
/// Runs wait in the history's file (``RunStore``), start in order when their ranks fit into the machine's cores, and belong to nobody:
/// each is a session of processes of its own, which goes on when this process ends, and is found again by the next. Only one
/// process at a time is the queue of a folder.
///
/// | a request is | from | to |
/// |---|---|---|
/// | `waiting` | ``submit(_:)``, ``resume(_:rounds:ranks:by:note:)`` | its turn, or ``cancel(_:)`` |
/// | `starting` | its turn | its processes are known; a queue that is killed before that leaves it to the next |
/// | `running` | its processes are known | they have ended |
/// | `finished`, `stopped`, `failed`, `cancelled` | its end | ``delete(_:confirming:)`` |
///
/// Rows are written before anything is done that they tell of, and change in memory only when the file has them: what a caller
/// has seen is what a later queue finds. All functions are short but ``submit(_:)`` and ``resume(_:rounds:ranks:by:note:)``, which
/// ask fedmpi, in a process of its own and without keeping others from the queue.
///
/// ```swift
/// let queue = try RunQueue(QueueConfiguration(results: "results"))
/// async let loop: Void = queue.run()
/// let queued = try await queue.submit(RunRequest(settings: ["rounds": 10], ranks: 5, by: "anna"))
/// for await changed in await queue.changes() where changed.id == queued.id { print(changed.state) }
/// ```
public actor RunQueue {
    /// What the queue may use.
    public nonisolated let configuration: QueueConfiguration
    /// The history, which also holds the queue's rows. Others may read it at any time.
    public nonisolated let store: RunStore
    /// Held for as long as this is the queue.
    private let lock: QueueLock
    /// Requests that are not over, by number: what the file has of them.
    var open: [Int64: QueuedRun] = [:]
    /// Whoever wants to know of changes.
    private var listeners: [UUID: AsyncStream<QueuedRun>.Continuation] = [:]
    /// Why the last look at the runs did not come to its end, such as a disk that is full; nil when it did. One line.
    public private(set) var trouble: String?
    /// Jobs of Slurm that are being submitted, when it was last asked of each, and which of them it did not know any more.
    var submissions: Set<Int64> = []
    var lastLooks: [Int64: ContinuousClock.Instant] = [:]
    var endsSeen: [Int64: ContinuousClock.Instant] = [:]
    /// Wakes the loop; nil unless it goes.
    private var ring: AsyncStream<Void>.Continuation?

    /// Takes over the queue of a results folder, as whoever had it left it: runs that go on are found, those that have ended get
    /// their end, and one whose start was cut off is either found or will be started, never both.
    ///
    /// - Parameter configuration: what the queue may use. Its results folder is made when missing.
    /// - Throws: `ConfigurationError` when another process has the queue, or processes cannot be told apart here;
    ///   ``RunStoreError``, `FileError`.
    public init(_ configuration: QueueConfiguration) throws {
        self.configuration = configuration
        // Without it a run under way would be taken for one that has ended.
        guard ProcessIdentity.here != nil else {
            throw ConfigurationError("a queue needs the /proc of its own processes, and here it is missing")
        }
        let results = URL(fileURLWithPath: configuration.results, isDirectory: true)
        try FileManager.default.createDirectory(at: results, withIntermediateDirectories: true)
        try Folder.make("\(configuration.results)/\(Self.folderName)")
        lock = try QueueLock("\(configuration.results)/\(Self.folderName)")
        store = try RunStore(at: results.appendingPathComponent(RunStore.fileName))
        for queued in try store.queuedRuns([.waiting, .starting, .running]) { open[queued.id] = queued }
        try Self.tidy(configuration.results, sparing: Set(open.keys))
    }

    /// Name of the queue's folder in the results folder: logs, settings as files, and what tells of starts and ends.
    public static let folderName = "queue"

    // MARK: Asking for runs

    /// Enters a run at the queue's end.
    ///
    /// - Parameter request: the run.
    /// - Returns: its row; it waits.
    /// - Throws: `ConfigurationError` for settings that fedmpi refuses, in its words, or that name files of this host that requests
    ///   may not; `RunStoreError`, `FileError`.
    @discardableResult
    public func submit(_ request: RunRequest) async throws -> QueuedRun {
        try await check(request)
        // Somebody may have taken the name while the settings were checked.
        if let name = request.name, open.values.contains(where: { $0.run == name }) {
            throw ConfigurationError("the run '\(name)' waits already; choose another name")
        }
        return try enter(request, .start)
    }

    /// Whether ``submit(_:)`` would take a request; enters nothing. For forms that say what is wrong while they are filled in.
    ///
    /// In order: ranks and cores, the name, the launcher, the files that settings name, then all else, by fedmpi. The first
    /// thing that is wrong is told.
    ///
    /// - Parameter request: the run.
    /// - Throws: what it would throw.
    public nonisolated func check(_ request: RunRequest) async throws {
        guard (1...configuration.mostRanks).contains(request.ranks) else {
            throw ConfigurationError(
                "ranks is \(request.ranks); it must be from 1 to \(configuration.mostRanks)")
        }
        if let cores = request.cores, cores < 1 {
            throw ConfigurationError("cores is \(cores); it must be at least 1")
        }
        if let name = request.name {
            let option = request.command == .sweep ? "--sweep-name" : "--run-name"
            _ = try FolderName(name, option: option)
            guard !Self.isReserved(name) else {
                throw ConfigurationError("\(option) '\(name)' is a folder of fedmpi's own; choose another")
            }
        }
        guard request.note.unicodeScalars.count <= RunRequest.longestNote else {
            throw ConfigurationError(
                "the note is too long; it must have at most \(RunRequest.longestNote) characters")
        }
        guard request.launcher == .mpirun || configuration.slurm != nil else {
            throw ConfigurationError("launcher is sbatch, and this queue does not know of a Slurm")
        }
        try PathPolicy(configuration).check(request)
        try await SettingsCheck(configuration: configuration).check(request)
    }

    /// Enters the continuation of a run at the queue's end.
    ///
    /// - Parameters:
    ///   - name: name of the run's folder.
    ///   - rounds: rounds of the whole run; nil keeps those that it was to have.
    ///   - ranks: MPI ranks; nil takes as many as before.
    ///   - submitter: the name of who asks.
    ///   - note: what they note.
    /// - Returns: its row; it waits.
    /// - Throws: ``QueueError`` when there is no such run, or it goes on; `ConfigurationError` when it cannot be continued.
    @discardableResult
    public func resume(
        _ name: String, rounds: Int? = nil, ranks: Int? = nil, by submitter: String, note: String = ""
    ) async throws -> QueuedRun {
        let folder = try runFolder(name)
        try refuseBusy(name)
        let (stored, before) = (try store.newest(named: name), try store.queuedRuns(named: name).first)
        // What only split training has, and always.
        let isSplit = stored?.settings.contains("\"server-part\":") ?? false
        let command = before?.command ?? (isSplit ? .splitTrain : .train)
        try await SettingsCheck(configuration: configuration).check(resuming: folder, rounds: rounds, command)
        try refuseBusy(name)
        var request = RunRequest(
            settings: rounds.map { ["rounds": .number("\($0)")] } ?? [:],
            ranks: ranks ?? before?.ranks ?? stored?.ranks ?? 1, name: name, by: submitter)
        guard (1...configuration.mostRanks).contains(request.ranks) else {
            throw ConfigurationError("ranks is \(request.ranks); it must be from 1 to \(configuration.mostRanks)")
        }
        request.command = command
        request.launcher = before?.launcher == .sbatch && configuration.slurm != nil ? .sbatch : .mpirun
        request.note = String(note.prefix(RunRequest.longestNote))
        return try enter(request, .resume)
    }

    /// Enters a sweep once more that is over: it keeps the runs that are finished, goes on with those that were begun, and does the
    /// rest.
    ///
    /// - Parameters:
    ///   - id: number of the request that is over.
    ///   - submitter: the name of who asks.
    /// - Returns: a row of its own; it waits.
    /// - Throws: ``QueueError`` when there is no such request, it is none for a sweep, or not over; as ``submit(_:)``.
    @discardableResult
    public func goOn(withSweep id: Int64, by submitter: String) async throws -> QueuedRun {
        guard let before = try store.queuedRun(id) else { throw QueueError.unknown("there is no request \(id)") }
        guard before.command == .sweep else { throw QueueError.conflict("request \(id) is for a run: resume the run") }
        guard before.state.isOver else {
            throw QueueError.conflict("request \(id) is not over: it is \(before.state.rawValue)")
        }
        var request = RunRequest(settings: before.settings, ranks: before.ranks, name: before.run, by: submitter)
        (request.command, request.launcher, request.note) = (before.command, before.launcher, before.note)
        // Slurm counts the cores of its jobs itself.
        request.cores = before.launcher == .sbatch ? nil : before.cores
        return try await submit(request)
    }

    /// Writes the row of a request that was checked.
    private func enter(_ request: RunRequest, _ kind: QueuedRun.Kind) throws -> QueuedRun {
        let cores = request.launcher == .sbatch ? 0 : request.cores ?? request.ranks * request.threads
        let queued = try store.enqueue { id in
            QueuedRun(
                id: id, run: request.name ?? freeName(id, request.command == .sweep ? "sweep" : "run"),
                command: request.command, kind: kind,
                settings: request.settings,
                ranks: request.ranks, cores: cores, launcher: request.launcher,
                submitter: String(request.submitter.printable.prefix(RunRequest.longestNote)), note: request.note,
                submittedAt: .now)
        }
        open[queued.id] = queued
        tell(queued)
        wake()
        return queued
    }

    /// A name for the run of a request that gives none: the kind of work and the request's number.
    private func freeName(_ id: Int64, _ kind: String) -> String {
        var name = "\(kind)-\(id)"
        var count = 1
        while Folder.has("\(configuration.results)/\(name)") || open.values.contains(where: { $0.run == name }) {
            count += 1
            name = "\(kind)-\(id)-\(count)"
        }
        return name
    }

    // MARK: Ending runs

    /// Asks a run to stop: it saves a checkpoint and ends, so that it can be resumed. Asked a second time, or after the
    /// configuration's patience, its processes are killed. One that waits is cancelled.
    ///
    /// The launcher gets SIGTERM, as from Ctrl-C, and passes it on. Killed are all processes of the run's session; what the
    /// run has saved last can be resumed then, too.
    ///
    /// - Parameter id: number of the request.
    /// - Returns: its row; it ends later.
    /// - Throws: ``QueueError`` when there is no such request, or it is over; `RunStoreError`.
    @discardableResult
    public func stop(_ id: Int64) async throws -> QueuedRun {
        var queued = try openRun(id)
        if queued.state == .waiting { return try cancel(id) }
        let isSecond = queued.stopRequestedAt != nil
        if isSecond { queued.isKilled = true } else { queued.stopRequestedAt = .now }
        try save(queued)
        signalStop(queued)
        wake()
        return queued
    }

    /// Takes a request that waits out of the queue. Its row stays, as `cancelled`.
    ///
    /// - Parameter id: number of the request.
    /// - Returns: its row.
    /// - Throws: ``QueueError`` when there is no such request, or it does not wait any more; `RunStoreError`.
    @discardableResult
    public func cancel(_ id: Int64) throws -> QueuedRun {
        var queued = try openRun(id)
        guard queued.state == .waiting else {
            throw QueueError.conflict(
                "request \(id) does not wait any more: it is \(queued.state.rawValue); stop it instead")
        }
        queued.state = .cancelled
        queued.finishedAt = .now
        try save(queued)
        return queued
    }

    /// The row of a request that is not over.
    private func openRun(_ id: Int64) throws -> QueuedRun {
        if let queued = open[id] { return queued }
        guard let queued = try store.queuedRun(id) else { throw QueueError.unknown("there is no request \(id)") }
        throw QueueError.conflict("request \(id) is over: it is \(queued.state.rawValue)")
    }

    // MARK: Looking

    /// The place among the requests that wait, from 1; nil for one that does not.
    ///
    /// - Parameter id: number of the request.
    public func position(of id: Int64) -> Int? {
        guard open[id]?.state == .waiting else { return nil }
        return open.values.count { $0.state == .waiting && $0.id <= id }
    }

    /// Cores that runs take now; may be more than there are, when one that needs more runs alone.
    public var coresTaken: Int {
        open.values.filter { $0.state == .starting || $0.state == .running }.reduce(0) { $0 + $1.cores }
    }

    /// Requests that are not over, in their order.
    public var openRuns: [QueuedRun] { open.values.sorted { $0.id < $1.id } }

    /// The rows as they change, from here on, until whoever iterates ends. One that is slow misses all but the newest thousand.
    public func changes() -> AsyncStream<QueuedRun> {
        let (stream, continuation) = AsyncStream<QueuedRun>.makeStream(bufferingPolicy: .bufferingNewest(1000))
        let key = UUID()
        listeners[key] = continuation
        continuation.onTermination = { [weak self] _ in Task { await self?.forget(key) } }
        return stream
    }

    private func forget(_ key: UUID) { listeners[key] = nil }

    // MARK: The loop

    /// Starts runs, and notes their ends, until the task is cancelled. Runs go on then.
    ///
    /// It looks at all runs that are not over every ``QueueConfiguration/interval``, and at once after a request. A look costs a file of
    /// `/proc` for each run; the history's file is touched only when something has changed. What goes wrong, such as a full disk, is
    /// in ``trouble`` and tried again. To be called once at a time; it may be called again after it has ended.
    public func run() async {
        let (alarm, ring) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        self.ring = ring
        let interval = configuration.interval
        let ticks = Task {
            while (try? await Task.sleep(for: interval)) != nil { ring.yield() }
        }
        defer { ticks.cancel() }
        ring.yield()
        // It ends when the task is cancelled.
        for await _ in alarm where !Task.isCancelled { await step() }
    }

    /// Has the loop look at once.
    func wake() { ring?.yield() }

    /// Writes a row to the file, then lets it be seen.
    ///
    /// - Throws: ``RunStoreError``; the row is then what it was.
    func save(_ queued: QueuedRun) throws(RunStoreError) {
        try store.update(queued)
        open[queued.id] = queued.state.isOver ? nil : queued
        if queued.state.isOver { (lastLooks[queued.id], endsSeen[queued.id]) = (nil, nil) }
        tell(queued)
    }

    /// Notes why something could not be done, until the next look does better.
    func note(trouble: String?) { self.trouble = trouble }

    private func tell(_ queued: QueuedRun) {
        for listener in listeners.values { listener.yield(queued) }
    }
}
