import FedCore
import Files
import Foundation
import Records
import RunStore

extension RunQueue {
    /// Looks at every run once, and starts what can start. What goes wrong with the file is tried again in the next step.
    func step() async {
        var trouble: String?
        defer { note(trouble: trouble) }
        for queued in openRuns where queued.state != .waiting {
            do {
                try await look(at: queued)
            } catch {
                trouble = error.line
            }
        }
        while let next = nextToStart {
            do {
                try start(next)
            } catch {
                trouble = error.line
                return
            }
        }
    }

    /// The first that waits, if it fits: in order, so that a large run is not passed by small ones for ever.
    private var nextToStart: QueuedRun? {
        guard let next = openRuns.first(where: { $0.state == .waiting }) else { return nil }
        let taken = coresTaken
        return taken == 0 || next.cores == 0 || taken + next.cores <= configuration.cores ? next : nil
    }

    // MARK: Starting

    /// Starts a run. The row says so before the processes are there, with what tells a later queue whether they are.
    private func start(_ waiting: QueuedRun) throws {
        var queued = waiting
        let ticket: Ticket
        do {
            queued.attempt += 1
            queued.process = ProcessIdentity.here
            ticket = self.ticket(of: queued)
            if queued.kind == .start {
                try FileDraft.replace(
                    settingsFile(queued), with: Array(try SettingsFile.contents(queued.settings)).span.bytes)
            }
        } catch {
            return try end(waiting, .failed, because: error.line)
        }
        queued.state = .starting
        queued.startedAt = .now
        try save(queued)
        if queued.launcher == .sbatch { return submitJob(queued) }
        do {
            let words = [configuration.mpirun, "-np", "\(queued.ranks)", configuration.program] + arguments(of: queued)
            let child = try ChildProcess.start(
                ticket.words(words), environment: ProgramPath.launchEnvironment, log: path(queued.log))
            // It stays what it is until it is waited for, dead or alive.
            if let identity = ProcessIdentity(of: child) {
                queued.process = identity.text
            } else {
                ChildProcess.reap(child)  // it has ended already: the next look finds what it has left
            }
        } catch {
            return try end(queued, .failed, because: error.description)
        }
        queued.state = .running
        try save(queued)
    }

    /// fedmpi's words: what it trains, or goes on with, and where.
    func arguments(of queued: QueuedRun) -> [String] {
        let common = ["--results", configuration.results]
        switch queued.kind {
        case .start where queued.command == .sweep:
            return [queued.command.rawValue, settingsFile(queued), "--sweep-name", queued.run] + common
        case .start:
            return [queued.command.rawValue, "--config", settingsFile(queued), "--run-name", queued.run] + common
        case .resume:
            let rounds = queued.settings["rounds"]?.scalar.map { ["--rounds", $0] } ?? []
            return [queued.command.rawValue, "--resume", path(queued.run)] + rounds + common
        }
    }

    // MARK: Watching

    /// Finds out how a run stands that was started.
    private func look(at queued: QueuedRun) async throws {
        if queued.launcher == .sbatch { return try await lookAtJob(queued) }
        if queued.state == .starting { return try settle(queued) }
        if let session = Session(queued.process), session.isLed {
            guard let asked = queued.stopRequestedAt, !queued.isKilled,
                Date.now.timeIntervalSince(asked) > configuration.patience / .seconds(1)
            else { return }
            var queued = queued
            queued.isKilled = true
            try save(queued)
            return session.killAll()
        }
        // Looked at only now: the code is written before the process ends. Without one, or when a signal has met a launcher that was not
        // ready to pass it on, what it has started may still be there.
        if ticket(of: queued).code == nil || queued.stopRequestedAt != nil { Session(queued.process)?.killAll() }
        try conclude(queued, code: ticket(of: queued).code)
    }

    /// Settles a start that was cut off, by the death of the queue or by a file that could not be written.
    func settle(_ starting: QueuedRun) throws {
        var queued = starting
        switch try ticket(of: queued).settle(place: queued.process ?? "") {
        case .takenBack:
            ticket(of: queued).remove()
            if queued.stopRequestedAt != nil {
                return try end(queued, .stopped, because: "it was stopped before it began")
            }
            queued.state = .waiting
            queued.process = nil
            queued.startedAt = nil
        case .begun(let process):
            queued.process = process
            queued.state = .running
        }
        try save(queued)
        if queued.state == .running, queued.stopRequestedAt != nil { signalStop(queued) }
    }

    /// Notes the end of a run whose processes are gone.
    ///
    /// Codes are fedmpi's: 0 done, 4 the privacy budget is spent, 128 + n stopped by signal n after a checkpoint; any other is a failure.
    /// A run that was asked to stop has stopped, whatever the launcher makes of that: Open MPI's own returns 1.
    ///
    /// - Parameters:
    ///   - queued: its row.
    ///   - code: the exit code; nil when nothing has written it.
    func conclude(_ queued: QueuedRun, code: Int?) throws {
        if let session = Session(queued.process) { ChildProcess.reap(session.leader.number) }
        let reason = QueueLog.reason(path(queued.log))
        switch code {
        case 0?: try end(queued, .finished, code: 0)
        case 4?: try end(queued, .finished, code: 4, because: reason)
        case let code? where queued.stopRequestedAt != nil || code == 143 || code == 130:
            let killed = queued.isKilled ? "it was killed after it had been asked to stop" : nil
            try end(queued, .stopped, code: code, because: killed ?? reason)
        case let code?:
            try end(queued, .failed, code: code, because: reason ?? "exit code \(code), and it said nothing")
        case nil where queued.isKilled:
            try end(queued, .stopped, because: "it was killed after it had been asked to stop")
        case nil where queued.stopRequestedAt != nil: try end(queued, .stopped, because: reason)
        case nil where !ticket(of: queued).isStarted:
            try end(queued, .failed, because: reason ?? "it could not be started")
        case nil where queued.launcher == .sbatch:
            try end(queued, .failed, because: reason ?? "Slurm has ended its job, and it said nothing")
        case nil:
            let isHere = Session(queued.process) != nil
            try end(
                queued, .failed,
                because: isHere ? "its launcher was killed from outside" : "the machine was started anew while it ran")
        }
    }

    /// Writes the end of a run, and removes the files of its start.
    func end(_ queued: QueuedRun, _ state: QueuedRun.State, code: Int? = nil, because reason: String? = nil) throws {
        var queued = queued
        (queued.state, queued.exitCode, queued.reason, queued.finishedAt) = (state, code, reason, .now)
        try save(queued)
        ticket(of: queued).remove()
        unlink(settingsFile(queued))
    }

    /// Passes a request to stop on to the processes, if they are known. A run that is starting gets it when it is.
    func signalStop(_ queued: QueuedRun) {
        guard queued.state == .running else { return }
        if queued.launcher == .sbatch { return cancelJob(queued) }
        guard let session = Session(queued.process) else { return }
        if queued.isKilled { session.killAll() } else { session.stop() }
    }

    // MARK: Files

    /// The attempt at starting a run that its row tells of. Its files are beside the log, on the same disk: a link needs that.
    func ticket(of queued: QueuedRun) -> Ticket {
        Ticket(base: path("\(Self.folderName)/\(queued.id).\(queued.attempt)"))
    }

    /// The settings of a run as a file.
    func settingsFile(_ queued: QueuedRun) -> String { path("\(Self.folderName)/\(queued.id).json") }

    /// A path below the results folder.
    nonisolated func path(_ below: String) -> String { "\(configuration.results)/\(below)" }
}
