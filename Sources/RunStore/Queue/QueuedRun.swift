public import Foundation

/// A run that somebody has asked for, from its request to its end: a row of the table `queue`. Coding keys are the columns.
///
/// The row knows what was asked and what became of the processes. What the run does, round by round, is in the history's
/// own row (``StoredRun``), which has the same name once the run has begun.
public struct QueuedRun: Codable, Sendable, Equatable, Identifiable {
    /// How it stands. Raw values stand in the file.
    public enum State: String, Codable, Sendable, CaseIterable, SQLConvertible {
        /// Waits for cores, and for the runs before it.
        case waiting
        /// Its processes are being started.
        case starting
        /// Its processes are there.
        case running
        /// It ended with code 0, or because its privacy budget is spent (code 4).
        case finished
        /// Somebody stopped it; it can be continued.
        case stopped
        /// It ended with an error, or its processes are gone and have not said why.
        case failed
        /// Somebody took it out of the queue before it started.
        case cancelled

        /// Whether nothing more happens to it.
        public var isOver: Bool {
            switch self {
            case .waiting, .starting, .running: false
            case .finished, .stopped, .failed, .cancelled: true
            }
        }
    }

    /// Whether a run begins or goes on. Raw values stand in the file.
    public enum Kind: String, Codable, Sendable, CaseIterable, SQLConvertible {
        /// A new run, or one that goes on from its checkpoint.
        case start, resume
    }

    /// The command that trains. Raw values are what is typed.
    public enum Command: String, Codable, Sendable, CaseIterable, SQLConvertible {
        /// Whole models at the clients.
        case train
        /// A model in two parts.
        case splitTrain = "split-train"
        /// Every run of a grid, below one folder.
        case sweep
    }

    /// What starts the ranks. Raw values stand in the file.
    public enum Launcher: String, Codable, Sendable, CaseIterable, SQLConvertible {
        /// Open MPI's launcher, on this machine.
        case mpirun
        /// Slurm, which has a queue of its own.
        case sbatch
    }

    /// Number of the row; never used again.
    public let id: Int64
    /// Name of the run's or the sweep's folder in the results folder.
    public let run: String
    /// The command.
    public let command: Command
    /// Whether it begins or goes on.
    public let kind: Kind
    /// The settings as they were given; of a sweep, what its file has.
    public let settings: [String: RequestedValue]
    /// MPI ranks, the server included.
    public let ranks: Int
    /// Cores of this machine that it takes; 0 where another queue counts them.
    public let cores: Int
    /// What starts it.
    public let launcher: Launcher
    /// The name of who asked for it.
    public let submitter: String
    /// What they noted; empty for nothing.
    public let note: String
    /// How it stands.
    public var state = State.waiting
    /// When it was asked for.
    public let submittedAt: Date
    /// When its processes were started, the last time; nil before.
    public var startedAt: Date?
    /// When its end was seen; nil before.
    public var finishedAt: Date?
    /// When somebody first asked it to stop; nil unless that happened.
    public var stopRequestedAt: Date?
    /// The exit code; nil before the end, and where it is not known.
    public var exitCode: Int?
    /// Why it failed or stopped, on one line; nil for nothing to say.
    public var reason: String?
    /// Path of what it printed, below the results folder.
    public var log: String { "queue/\(id).log" }

    /// How often it was tried to start it. Each attempt has files of its own, so that a late one cannot be taken for the next.
    package var attempt = 0
    /// Boot and namespace of the machine on which the attempt was made, then, once they are known, the process's number and
    /// start, as `ProcessIdentity` writes them; nil before the first attempt.
    package var process: String?
    /// Slurm's number of the job; nil for others, and before it is known.
    public var job: String?
    /// Whether it was killed, after it had been asked to stop.
    package var isKilled = false

    /// Makes a row that waits.
    package init(
        id: Int64, run: String, command: Command, kind: Kind, settings: [String: RequestedValue], ranks: Int,
        cores: Int,
        launcher: Launcher, submitter: String, note: String, submittedAt: Date
    ) {
        (self.id, self.run, self.command, self.kind, self.settings) = (id, run, command, kind, settings)
        (self.ranks, self.cores, self.launcher) = (ranks, cores, launcher)
        (self.submitter, self.note, self.submittedAt) = (submitter, note, submittedAt)
    }

    /// Columns of the table, where they differ from the properties' names.
    private enum CodingKeys: String, CodingKey {
        case id, run, command, kind, settings, ranks, cores, launcher, submitter, note, state, reason, attempt, process,
            job
        case submittedAt = "submitted_at"
        case startedAt = "started_at"
        case finishedAt = "finished_at"
        case stopRequestedAt = "stop_requested_at"
        case exitCode = "exit_code"
        case isKilled = "killed"
    }
}
