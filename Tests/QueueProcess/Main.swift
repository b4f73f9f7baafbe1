import FedCore
import Foundation
import RunQueue
import RunStore

/// Holds a queue, so that `scripts/check-queue` can kill it: `queue-process RESULTS FEDMPI MPIRUN CORES`.
///
/// A line of standard input is a request as JSON, or `stop NUMBER`, `resume RUN`, `delete RUN`; it is answered by `{"submitted": NUMBER}`,
/// `{"error": LINE}` or, of a run that is deleted, `{"submitted": 0}`, in order. Each change of a row is a line, too. It ends when
/// its input does. `QUEUE_SBATCH` names the batch script for runs by Slurm.
@main
enum Main {
    /// What is printed.
    private struct Line: Encodable {
        var submitted: Int64?
        var error: String?
        var changed: Int64?
        var state: QueuedRun.State?
    }

    static func main() async {
        let words = CommandLine.arguments
        guard words.count == 5, let cores = Int(words[4]) else {
            FileHandle.standardError.write(Data("usage: queue-process RESULTS FEDMPI MPIRUN CORES\n".utf8))
            exit(2)
        }
        do {
            var configuration = try QueueConfiguration(results: words[1], program: words[2], mpirun: words[3])
            configuration.cores = cores
            configuration.slurm = ProcessInfo.processInfo.environment["QUEUE_SBATCH"].map { SlurmCommands(script: $0) }
            let queue = try RunQueue(configuration)
            let changes = await queue.changes()
            Task { for await row in changes { say(Line(changed: row.id, state: row.state)) } }
            Task { await queue.run() }
            let (lines, continuation) = AsyncStream<String>.makeStream()
            Thread.detachNewThread {
                while let line = readLine() { continuation.yield(line) }
                continuation.finish()
            }
            for await line in lines {
                do {
                    say(Line(submitted: try await answer(line, queue)))
                } catch {
                    say(Line(error: error.line))
                }
            }
        } catch {
            FileHandle.standardError.write(Data("queue-process: \(error.line)\n".utf8))
            exit(2)
        }
    }

    /// Does what a line says.
    ///
    /// - Returns: number of the request; 0 for none.
    private static func answer(_ line: String, _ queue: RunQueue) async throws -> Int64 {
        let words = line.split(separator: " ", maxSplits: 1).map(String.init)
        switch (words.first, words.last) {
        case ("stop"?, let id?): return try await queue.stop(Int64(id) ?? 0).id
        case ("resume"?, let run?): return try await queue.resume(run, by: "check-queue").id
        case ("delete"?, let run?):
            try await queue.delete(run, confirming: run)
            return 0
        default: return try await queue.submit(RunRequest(json: Data(line.utf8), by: "check-queue")).id
        }
    }

    private static func say(_ line: Line) {
        guard let data = try? JSONEncoder().encode(line) else { return }
        FileHandle.standardOutput.write(data + Data("\n".utf8))
    }
}
