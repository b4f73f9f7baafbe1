import FedCore
import Files
import Foundation
import RunStore

/// Runs as jobs of Slurm. The batch script is the ticket's, so that a job that was submitted twice, because the queue was killed before it
/// had noted the first, trains once.
extension RunQueue {
    /// How often Slurm is asked: each time costs its controller something.
    private static let interval: Duration = .seconds(3)

    /// Submits a run, beside the loop: `sbatch` may take seconds.
    func submitJob(_ queued: QueuedRun) {
        submissions.insert(queued.id)
        Task {
            do {
                try await submit(queued)
            } catch {
                // It stays `starting`, and the next look settles it.
                note(trouble: error.line)
            }
            submissions.remove(queued.id)
            wake()
        }
    }

    /// Runs `sbatch`, and notes the job's number.
    private func submit(_ starting: QueuedRun) async throws {
        guard let slurm = configuration.slurm else {
            return try end(starting, .failed, because: "this queue does not know of a Slurm")
        }
        let ticket = ticket(of: starting)
        let batch = "\(ticket.base).batch"
        try FileDraft.replace(batch, with: Array("#!/bin/sh\n\(Ticket.script)\n".utf8).span.bytes)
        let (code, said) = try await call(
            [slurm.sbatch, "--parsable", "--no-requeue", "--open-mode=append", "--signal=B:TERM@60"]
                + ["--job-name=\(jobName(starting))", "--ntasks=\(starting.ranks)", "--output=\(path(starting.log))"]
                + slurm.arguments + [batch, ticket.base, "/bin/bash", slurm.script] + arguments(of: starting))
        // It may have been stopped meanwhile.
        guard var queued = open[starting.id] else { return }
        guard code == 0, let number = said.split(separator: "\n").last?.split(separator: ";").first, Int(number) != nil
        else {
            return try end(queued, .failed, because: QueueLog.reason(text: said) ?? "sbatch ended with code \(code)")
        }
        queued.job = String(number)
        queued.state = .running
        try save(queued)
        if queued.stopRequestedAt != nil { signalStop(queued) }
    }

    /// A name that no other attempt has, by which a job is found whose number was not noted.
    private func jobName(_ queued: QueuedRun) -> String {
        "fedmpi-\(queued.id)-\(queued.attempt)-\(Int(queued.startedAt?.timeIntervalSince1970 ?? 0))"
    }

    /// Finds out how a job stands.
    func lookAtJob(_ queued: QueuedRun) async throws {
        if submissions.contains(queued.id) { return }
        let ticket = ticket(of: queued)
        if let code = ticket.code { return try conclude(queued, code: code) }
        guard let slurm = configuration.slurm else { return }
        if let last = lastLooks[queued.id], ContinuousClock.now - last < Self.interval { return }
        lastLooks[queued.id] = .now
        let which = queued.job.map { "--jobs=\($0)" } ?? "--name=\(jobName(queued))"
        let (code, said) = try await call([slurm.squeue, "--noheader", "--format=%i", which])
        guard open[queued.id]?.state == queued.state else { return }
        let found = said.split(separator: "\n").map { String($0) }.last { Int($0) != nil }
        if code == 0, let found {
            if queued.job == nil {
                var known = queued
                known.job = found
                known.state = .running
                try save(known)
            }
            if let asked = queued.stopRequestedAt, !queued.isKilled,
                Date.now.timeIntervalSince(asked) > configuration.patience / .seconds(1)
            {
                var killed = queued
                killed.isKilled = true
                try save(killed)
                signalStop(killed)
            }
            return
        }
        // A controller that does not answer says nothing of the job; of one that is over it says that the number is none.
        guard code == 0 || said.contains("Invalid job id") else {
            return note(trouble: QueueLog.reason(text: said) ?? "squeue ended with code \(code)")
        }
        if queued.job == nil, !ticket.isStarted { return try settle(queued) }
        // The job's last file may come a moment after Slurm has forgotten it, over a network file system.
        if let end = endsSeen[queued.id], ContinuousClock.now - end > Self.interval {
            return try conclude(queued, code: ticket.code)
        }
        if endsSeen[queued.id] == nil { endsSeen[queued.id] = .now }
    }

    /// Asks Slurm to end a job, beside the loop.
    func cancelJob(_ queued: QueuedRun) {
        guard let slurm = configuration.slurm, let job = queued.job else { return }
        Task {
            let how = queued.isKilled ? ["--signal=KILL", "--full"] : []
            do {
                let (code, said) = try await call([slurm.scancel] + how + [job])
                if code != 0 { note(trouble: QueueLog.reason(text: said) ?? "scancel ended with code \(code)") }
            } catch {
                note(trouble: error.line)
            }
        }
    }

    /// Runs one of Slurm's programs.
    ///
    /// - Returns: its exit code, and what it printed.
    private nonisolated func call(_ words: [String]) async throws -> (code: Int32, said: String) {
        let folder = try PrivateFolder()
        let log = folder.url.appendingPathComponent("log")
        let code = try await ChildProcess.run(
            ["/usr/bin/env"] + words, environment: ProcessInfo.processInfo.environment, log: log.path)
        let said = try ReceivedFile.contents(log, atMost: 1 << 20)
        return (code ?? 124, String(decoding: said, as: UTF8.self))
    }
}
