import ArgumentParser
import FedCore
import Foundation
import Recording
import RunStore

/// `fedmpi watch`.
struct Watch: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Follow a run from another terminal, or from another node over a shared file system.",
        discussion: """
            Ends when the run ends, with 0 if it came to its last round and 1 if not. A run of --no-history that is \
            killed looks like one that goes on. A folder in which no run begins within --wait ends it with 2.
            """)

    @Argument(help: ArgumentHelp("The run's folder, or its name in --results.", valueName: "run"))
    var name: String

    @Option(help: "Folder of all runs.")
    var results = "results"

    @Option(help: "How often to look: 1s, 500ms.")
    var interval = Seconds(value: 1)

    @Option(help: "How long to wait for the run to begin, when its folder is there: 60s, 10m.")
    var wait = Seconds(value: 60)

    /// Rounds that are printed of those that were over before anybody watched.
    private static let context = 10

    func validate() throws {
        guard (0.01...3600).contains(interval.value) else {
            throw ConfigurationError("--interval is \(interval.value) s; it must be from 10ms to 1h")
        }
        guard (0...1e7).contains(wait.value) else {
            throw ConfigurationError("--wait is \(wait.value) s; it must be from 0 to 10000000 s")
        }
    }

    func run() throws {
        var watched = WatchedRun(in: try RunFolder.find(name, results: results))
        let block = Terminal.isInteractive ? Block() : nil
        var printed: Int?
        var beginning = RunBeginning(in: watched.folder, patience: wait.value)
        while true {
            try watched.refresh()
            if watched.plan == nil, let line = try beginning.look(), block == nil { Console.error(line) }
            if let block {
                block.draw(WatchText.block(watched, lines: Terminal.size.lines - 1))
            } else if watched.plan != nil {
                let records = watched.records
                if printed == nil { Console.output(WatchText.header(watched)) }
                let first = printed ?? max(0, records.count - Self.context)
                for record in records.dropFirst(first) { Console.output(WatchText.line(record, of: watched)) }
                printed = records.count
            }
            if let ending = watched.ending {
                Console.output((block == nil ? "" : "\n") + WatchText.end(ending, of: watched))
                // No error that would want a line.
                Foundation.exit(ending.status == .finished ? 0 : 1)
            }
            // Who waits for the beginning is not to wait longer than was said.
            let longest = watched.plan == nil ? max(0.01, wait.value) : interval.value
            Thread.sleep(forTimeInterval: min(interval.value, longest))
        }
    }
}

/// Lines on a terminal that are drawn over again.
final class Block {
    private var height = 0

    /// A line that is wider than the terminal is cut, because it would take two.
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
