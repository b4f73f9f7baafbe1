import FedCore
import Files
import Foundation
import Synchronization

/// The list of a run's files that could not be written: told once and gathered, told again when it is over, and
/// at the end if it is not.
///
/// Nothing but the model ends a run by not being written. Everybody who writes into the run's folder reports here,
/// each file by its name; the same trouble at the next round changes nothing, so a disk that is full for a thousand
/// rounds is two lines and not a thousand. Thread-safe: timing files are written on a thread of their own.
public final class OutputTroubles: Sendable {
    /// One file's trouble.
    private struct Trouble {
        /// The latest reason, in plain words without the path.
        var reason: String
        /// Whether the user knows.
        var isTold = false
    }

    /// Everything that changes, under one lock.
    private struct State {
        /// Files that cannot be written, in the order in which they failed.
        var open: [(file: String, trouble: Trouble)] = []
        /// Files that can be written again, which is still to be told.
        var mended: [String] = []
        /// What is lost for good, by file.
        var losses: [(file: String, loss: String)] = []
        /// The moment of the first trouble or mending that is not told yet; nil: there is none.
        var firstUntold: ContinuousClock.Instant?
    }

    /// Gets each line.
    private let warn: @Sendable (String) -> Void
    /// The troubles; nothing is told while the lock is held.
    private let state = Mutex(State())

    /// The time for which news is gathered: a full disk is met by all files within a moment, and they are told
    /// of together.
    private static let gathering = Duration.seconds(1)

    /// Makes an empty list.
    ///
    /// - Parameter warn: gets one line at a time, from any thread.
    public init(warn: @escaping @Sendable (String) -> Void) {
        self.warn = warn
    }

    /// Notes that a file could not be written, and is tried again.
    ///
    /// - Parameters:
    ///   - file: its name within the run's folder, or a name for a group of files.
    ///   - error: the reason, which is put into plain words.
    public func failed(_ file: String, _ error: any Error) {
        failed(file, because: Self.reason(error))
    }

    /// Notes that a file could not be written, with the reason in words.
    public func failed(_ file: String, because reason: String) {
        state.withLock { state in
            if let i = state.open.firstIndex(where: { $0.file == file }) {
                state.open[i].trouble.reason = reason
            } else {
                state.open.append((file, Trouble(reason: reason)))
                if state.firstUntold == nil { state.firstUntold = .now }
            }
        }
    }

    /// Notes that a file is written, whether it could be before or not.
    public func written(_ file: String) {
        state.withLock { state in
            guard let i = state.open.firstIndex(where: { $0.file == file }) else { return }
            guard state.open.remove(at: i).trouble.isTold else { return }
            state.mended.append(file)
            if state.firstUntold == nil { state.firstUntold = .now }
        }
    }

    /// Tells of something at once, without gathering.
    public func note(_ line: String) { warn(line) }

    /// Notes what a file lacks for good, for the summary; a later note on the same file replaces the former.
    ///
    /// - Parameters:
    ///   - loss: what is missing, such as `12 events were lost`.
    ///   - file: its name within the run's folder.
    public func lost(_ loss: String, of file: String) {
        state.withLock { state in
            state.losses.removeAll { $0.file == file }
            state.losses.append((file, loss))
        }
    }

    /// Writes something, and notes how it went.
    ///
    /// - Parameters:
    ///   - file: its name within the run's folder.
    ///   - body: does the writing; any error of it is a trouble, and goes no further.
    /// - Returns: whether it is written.
    @discardableResult
    public func attempt(_ file: String, _ body: () throws -> Void) -> Bool {
        do {
            try body()
            written(file)
            return true
        } catch {
            failed(file, error)
            return false
        }
    }

    /// Tells what is new, if it has been gathered for long enough. Called now and then: this class has no timer.
    ///
    /// - Parameter isLast: whether to tell what would be gathered, too, because the run ends.
    public func tell(isLast: Bool = false) {
        let lines = state.withLock { state -> [String] in
            guard let first = state.firstUntold, isLast || ContinuousClock.now - first >= Self.gathering else {
                return []
            }
            state.firstUntold = nil
            var lines: [String] = []
            if !state.mended.isEmpty { lines.append("written again: \(state.mended.joined(separator: ", "))") }
            state.mended = []
            for (reason, files) in Self.byReason(state.open.filter { !$0.trouble.isTold }) {
                lines.append("\(reason): cannot write \(files); the run goes on, and tries again")
            }
            for i in state.open.indices { state.open[i].trouble.isTold = true }
            return lines
        }
        for line in lines { warn(line) }
    }

    /// A line on what is incomplete at the end of a run; nil when nothing is.
    public var summary: String? {
        state.withLock { state in
            var losses = state.losses
            let open = state.open.map { file, trouble in
                let loss = losses.firstIndex { $0.file == file }.map { losses.remove(at: $0).loss }
                return (file: loss.map { "\(file), \($0)" } ?? file, trouble: trouble)
            }
            let all =
                Self.byReason(open).map { "\($0.files) (\($0.reason))" } + losses.map { "\($0.file) (\($0.loss))" }
            return all.isEmpty ? nil : "incomplete: " + all.joined(separator: ", ")
        }
    }

    /// Groups files by their reasons, in the order in which they failed.
    private static func byReason(_ open: [(file: String, trouble: Trouble)]) -> [(reason: String, files: String)] {
        var groups: [(reason: String, files: [String])] = []
        for (file, trouble) in open {
            if let i = groups.firstIndex(where: { $0.reason == trouble.reason }) {
                groups[i].files.append(file)
            } else {
                groups.append((trouble.reason, [file]))
            }
        }
        return groups.map { ($0.reason, $0.files.joined(separator: ", ")) }
    }

    /// An error in plain words, in one line and without the path, which the name of the file stands for.
    public static func reason(_ error: any Error) -> String {
        if let error = error as? FileError ?? FileError(of: error) {
            return error.isGone ? "the folder is gone" : error.reasonWithDisk
        }
        return error.reasonLine
    }
}
