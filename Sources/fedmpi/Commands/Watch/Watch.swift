import ArgumentParser
import FedCore
import Foundation
import Recording
import RunStore

/// The command `fedmpi watch`: follows a run from another terminal, or from another node over a shared file
/// system.
///
/// It reads the run's files and the history at intervals and never talks to the run, so it can neither slow nor
/// disturb it beyond some reads. On a terminal it draws a block of lines over and over; otherwise it prints a
/// line for each round, for a log or a pipe.
///
/// Exit codes: 0 when the run came to its last round; 1 when it ended in another way; 2 when there is no such
/// run, none begins in time, or its files are not a run's.
struct Watch: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch",
        abstract: "Follow a run from another terminal.",
        discussion: """
            Ends when the run ends, with 0 if it came to its last round and 1 if not. A run of --no-history that is \
            killed looks like one that goes on. A folder in which no run begins within --wait ends it with 2.
            """)

    /// Path of the run's folder, or its name in ``results``.
    @Argument(help: ArgumentHelp("The run's folder, or its name in --results.", valueName: "run"))
    var name: String

    @Option(help: "Folder of all runs.")
    var results = "results"

    /// Time between two looks, 10 ms to 1 h. Each look opens the files anew, which on a network file system costs
    /// round trips.
    @Option(help: "How often to look: 1s, 500ms.")
    var interval = Seconds(value: 1)

    /// Time for which the folder may stay without a run, from 0. Who gives it has started a job that may not have its folder
    /// yet; a name that is merely mistyped is said to be so at once.
    @Option(
        help: "How long to wait for the run: 60s, 10m; its folder, too, if this is given. (default: 60s)")
    var wait: Seconds?

    /// How long it waits.
    private var patience: Double { wait?.value ?? 60 }

    /// The events `round` and `end` of `fedmpi train --json`, for programs.
    @OptionGroup var json: JSONOption

    /// The last line of `--json`.
    private struct End: Encodable {
        let status: String
        let rounds: Int
        let reason: String?
    }

    /// Rounds that are printed, without a terminal, of those that were over before the watching began.
    private static let context = 10

    /// Refuses times out of range.
    func validate() throws {
        guard (0.01...3600).contains(interval.value) else {
            throw ConfigurationError("--interval is \(interval.value) s; it must be from 10ms to 1h")
        }
        guard (0...1e7).contains(patience) else {
            throw ConfigurationError("--wait is \(patience) s; it must be from 0 to 10000000 s")
        }
    }

    /// The run's folder; with ``wait``, once it is there.
    private func folder() throws(ConfigurationError) -> URL {
        let end = ContinuousClock.now + .seconds(wait?.value ?? 0)
        var hasSpoken = false
        while true {
            do throws(ConfigurationError) { return try RunFolder.find(name, results: results) } catch {
                guard ContinuousClock.now < end else { throw error }
            }
            if !hasSpoken {
                Console.error("fedmpi: waiting up to \(Format.duration(patience)) for a run '\(name.printable)'")
                hasSpoken = true
            }
            Thread.sleep(forTimeInterval: min(interval.value, 0.5))
        }
    }

    /// Looks, prints and sleeps until the run ends; then ends the process with its code.
    ///
    /// - Throws: `ConfigurationError` when there is no such folder, no run begins, or files cannot be understood.
    func run() throws {
        var watched = WatchedRun(in: try folder())
        let block = Terminal.isInteractive && !json.isOn ? Block() : nil
        var printed: Int?
        var beginning = RunBeginning(in: watched.folder, patience: patience)
        while true {
            try watched.refresh()
            if watched.plan == nil, let line = try beginning.look(), block == nil { Console.error(line) }
            if let block {
                block.draw(WatchText.block(watched, lines: Terminal.size.lines - 1))
            } else if watched.plan != nil {
                let records = watched.records
                if printed == nil, !json.isOn { Console.output(WatchText.header(watched)) }
                let first = printed ?? (json.isOn ? 0 : max(0, records.count - Self.context))
                for record in records.dropFirst(first) {
                    try json.print(EventLine("round", record), WatchText.line(record, of: watched))
                }
                printed = records.count
            }
            if let ending = watched.ending {
                let end = End(status: ending.status.rawValue, rounds: watched.records.count, reason: ending.reason)
                try json.print(
                    EventLine("end", end), (block == nil ? "" : "\n") + WatchText.end(ending, of: watched))
                // No error that would want a line.
                Foundation.exit(ending.status == .finished ? 0 : 1)
            }
            // Who waits for the beginning is not to wait longer than was said.
            let longest = watched.plan == nil ? max(0.01, patience) : interval.value
            Thread.sleep(forTimeInterval: min(interval.value, longest))
        }
    }
}

/// Lines on a terminal that are drawn over again: the cursor goes up by the height of the last drawing.
final class Block {
    /// Lines of the last drawing.
    private var height = 0

    /// Draws the lines in the place of the last ones. A line that is wider than the terminal is cut, because it
    /// would take two, and the next drawing would begin too low.
    ///
    /// - Parameter lines: At most as many as the terminal has; texts are made printable here.
    func draw(_ lines: [String]) {
        let width = Terminal.size.columns
        var text = height > 1 ? "\r\u{1B}[\(height - 1)A" : "\r"
        text += lines.map { "\u{1B}[2K" + $0.printable.prefix(width) }.joined(separator: "\n")
        // Below, where the block was higher.
        text += "\u{1B}[J"
        Console.draw(text)
        height = lines.count
    }
}
