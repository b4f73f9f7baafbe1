import Foundation

/// Tells, on its own machine, whether a process is still there: not only its number, which is used again, but the
/// machine's boot, the namespace of process numbers and the process's start, too.
struct ProcessIdentity: Equatable {
    /// Where process numbers mean the same.
    let place: String
    let number: Int32
    /// In clock ticks after the boot.
    let start: String

    /// Nil where the kernel does not say, as outside Linux.
    init?(of number: Int32 = getpid()) {
        guard let boot = try? String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8),
            let namespace = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/ns/pid"),
            let line = try? String(contentsOfFile: "/proc/\(number)/stat", encoding: .utf8),
            // The second field is the program's name in parentheses and may hold anything; the start is the 22nd.
            let fields = line.split(separator: ")").last?.split(separator: " "), fields.count > 19,
            // A zombie has ended.
            fields[0] != "Z"
        else { return nil }
        place = boot.trimmingCharacters(in: .whitespacesAndNewlines) + " " + namespace
        self.number = number
        start = String(fields[19])
    }

    /// As it stands in the history; empty when unknown.
    static var ofThisProcess: String {
        ProcessIdentity().map { "\($0.place) \($0.number) \($0.start)" } ?? ""
    }

    /// Whether the process of this text is there; nil when it cannot be told from here.
    static func isAlive(_ text: String) -> Bool? {
        let words = text.split(separator: " ")
        guard words.count == 4, let number = Int32(words[2]), let here = ProcessIdentity(),
            here.place == "\(words[0]) \(words[1])"
        else { return nil }
        return ProcessIdentity(of: number)?.start == String(words[3])
    }
}
