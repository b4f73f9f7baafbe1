import FedCore
import Files
import Foundation

/// What a run has printed, read for the one line that says why it ended.
///
/// fedmpi says that in a line of its own that begins with its name, rank or launcher; a report's tables may follow it. A process that
/// a signal has killed says nothing, and then the last line is the best that there is.
enum QueueLog {
    /// How much of the end is looked at.
    private static let mostBytes = 65_536
    /// Whose lines are errors, and how they begin.
    private static let speakers = ["fedmpi: ", "mpirun: ", "sbatch: "]

    /// The last line of an error, without the program's name before it; else the last line that says something.
    ///
    /// - Parameter path: the log.
    /// - Returns: one line that can be shown; nil when there is none.
    static func reason(_ path: String) -> String? {
        guard let file = try? FileHandle(forReadingFrom: URL(fileURLWithPath: path)) else { return nil }
        defer { try? file.close() }
        let end = (try? file.seekToEnd()) ?? 0
        try? file.seek(toOffset: end > UInt64(mostBytes) ? end - UInt64(mostBytes) : 0)
        guard let data = try? file.readToEnd() else { return nil }
        return reason(text: String(decoding: data, as: UTF8.self))
    }

    /// The same of a text.
    ///
    /// - Parameter text: the end of a log; its first line may be cut off.
    /// - Complexity: O(length).
    static func reason(text: String) -> String? {
        let lines = text.split(whereSeparator: \.isNewline).map { $0.trimmingCharacters(in: .whitespaces) }
            // The launcher passes signals on, and says so; that is no reason.
            .filter { !$0.isEmpty && !$0.hasPrefix("mpirun: Forwarding signal") }
        for line in lines.reversed() {
            if let speaker = speakers.first(where: line.hasPrefix) {
                return shown(String(line.dropFirst(speaker.count)))
            }
            // A rank's: `rank 3: …`.
            if line.hasPrefix("rank "), line.dropFirst(5).drop(while: \.isNumber).hasPrefix(": ") { return shown(line) }
        }
        return lines.last.map(shown)
    }

    /// A line that can be shown, and is not longer than one reads.
    private static func shown(_ line: String) -> String { String(line.printable.prefix(500)) }
}
