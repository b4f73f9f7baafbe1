import FedCore
import Files
import Foundation
import Records

/// One attempt to start a run, as files beside its log, which settle what a crash leaves open.
///
/// Whoever starts the run makes the file `NUMBER.ATTEMPT.started`, under which the file system lets only one name be: the process that
/// is about to start the launcher, or a queue that, restarted, wants to know that nobody will. So a run starts once, whenever
/// the queue was killed. The exit code comes into `NUMBER.ATTEMPT.code`, whether there is a queue at that moment or not.
struct Ticket {
    /// Path of the files, without what tells them apart.
    let base: String

    /// What has become of an attempt.
    enum Claim: Equatable {
        /// A process has begun it.
        case begun(process: String)
        /// Nobody has, and nobody can any more.
        case takenBack
    }

    /// The shell's part: claims the attempt, runs the words behind the first, passes on signals that ask it to end, and notes the
    /// exit code. The words are its arguments, which no shell reads.
    static let script = """
        ticket=$1
        shift
        read -r identity </proc/$$/stat
        printf '%s\\n' "$identity" >"$ticket.$$" || exit 1
        if ! ln "$ticket.$$" "$ticket.started" 2>/dev/null; then
            rm -f "$ticket.$$"
            [ -e "$ticket.started" ] || echo "fedmpi: cannot write '$ticket.started'" >&2
            exit 1
        fi
        rm -f "$ticket.$$"
        asked= ready=
        trap 'if [ -n "$ready" ]; then kill -TERM "$child" 2>/dev/null; else asked=1; fi' TERM INT HUP
        "$@" &
        child=$!
        # What comes between fork and exec is lost: until then it is still this shell, with its handlers.
        while cmp -s "/proc/$$/cmdline" "/proc/$child/cmdline"; do sleep 0.01; done
        ready=1
        [ -z "$asked" ] || kill -TERM "$child" 2>/dev/null
        while :; do
            wait "$child"
            code=$?
            kill -0 "$child" 2>/dev/null || break
        done
        printf '%s\\n' "$code" >"$ticket.$$" && mv "$ticket.$$" "$ticket.code"
        """

    /// The words that run others under the ticket.
    func words(_ words: [String]) -> [String] { ["/bin/sh", "-c", Self.script, "fedmpi-queue", base] + words }

    /// What stands in a claim of a queue, where a process writes its line of `/proc`.
    private static let takenBack = "taken back\n"

    /// Finds out whether the attempt was begun, and makes sure that it never will be if it was not.
    ///
    /// - Parameter place: boot and namespace of the machine on which it was made.
    /// - Throws: `FileError` when the folder cannot be written.
    func settle(place: String) throws -> Claim {
        let own = "\(base).queue"
        try FileDraft.replace(own, with: Array(Self.takenBack.utf8).span.bytes)
        defer { unlink(own) }
        if link(own, "\(base).started") == 0 { return .takenBack }
        guard errno == EEXIST else { throw FileError("write", "\(base).started") }
        let line = try ReceivedFile.contents(URL(fileURLWithPath: "\(base).started"), atMost: 4096)
        // A queue took it back, and was killed before it had noted that.
        if line == Array(Self.takenBack.utf8) { return .takenBack }
        return .begun(process: ProcessIdentity(statusLine: line, place: place)?.text ?? place)
    }

    /// Whether a process has claimed the attempt.
    var isStarted: Bool { Folder.has("\(base).started") }

    /// The exit code, if the launcher has ended and the shell could write it.
    var code: Int? {
        guard let bytes = try? ReceivedFile.contents(URL(fileURLWithPath: "\(base).code"), atMost: 64) else {
            return nil
        }
        return Int(String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines))
    }

    /// Removes the files, those that somebody was writing when they were killed as well.
    func remove() {
        let (folder, name) = (Folder.above(base), base.split(separator: "/").last.map { "\($0)." } ?? "")
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        for found in names where found.hasPrefix(name) { unlink("\(folder)/\(found)") }
    }
}
