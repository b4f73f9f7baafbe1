import Foundation

/// The identity of a process on its own machine, by which somebody else can tell what has become of it.
///
/// A number alone is used again; so the machine's boot, the namespace of process numbers and the process's
/// start are part of it.
package struct ProcessIdentity: Sendable, Equatable {
    /// Boot and namespace: where process numbers mean the same.
    package let place: String
    /// The process's number within its namespace.
    package let number: Int32
    /// The moment of its start, in clock ticks after the boot.
    package let start: Int

    /// Identifies a process of this place; nil where the kernel does not say, as outside Linux, and for a
    /// process that has ended.
    package init?(of number: Int32 = getpid()) {
        guard let place = Self.here, let status = Status(of: number), status.state != .ended else { return nil }
        self.place = place
        self.number = number
        start = status.start
    }

    /// Identifies a process by what it has read of itself.
    ///
    /// - Parameters:
    ///   - statusLine: its `/proc/PID/stat`; nil is returned for anything else.
    ///   - place: boot and namespace in which it read that.
    package init?(statusLine: [UInt8], place: String) {
        guard place.split(separator: " ").count == 2, let status = Status(line: statusLine[...]),
            let number = Int32(String(decoding: statusLine.prefix { $0 != UInt8(ascii: " ") }, as: UTF8.self))
        else { return nil }
        self.place = place
        self.number = number
        start = status.start
    }

    /// Reads what ``text`` wrote; nil for anything else.
    package init?(_ text: some StringProtocol) {
        let words = text.split(separator: " ")
        guard words.count == 4, let number = Int32(words[2]), let start = Int(words[3]) else { return nil }
        place = "\(words[0]) \(words[1])"
        self.number = number
        self.start = start
    }

    /// Four words: boot, namespace, number, start.
    package var text: String { "\(place) \(number) \(start)" }

    /// The identity of this process as it stands in the history; empty when unknown.
    package static var ofThisProcess: String { ProcessIdentity()?.text ?? "" }

    /// Whether the process of this text is there; nil when it cannot be told from here.
    package static func isAlive(_ text: String) -> Bool? {
        guard let identity = ProcessIdentity(text), identity.place == here else { return nil }
        return identity.state != .ended
    }

    /// What can be seen of it from here: a read of `/proc`, some microseconds.
    ///
    /// - Precondition: the process is of this place.
    package var state: ProcessState {
        guard let status = Status(of: number), status.start == start else { return .ended }
        return status.state
    }

    /// Boot and namespace of this process; nil also where `/proc` numbers processes for another namespace.
    package static let here: String? = {
        guard (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self")) == "\(getpid())",
            let boot = try? String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8),
            let namespace = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/ns/pid")
        else { return nil }
        return boot.trimmingCharacters(in: .whitespacesAndNewlines) + " " + namespace
    }()

    /// The two fields of `/proc/PID/stat` that are needed.
    struct Status: Equatable {
        /// The third field, a letter.
        let state: ProcessState
        /// The 22nd field: clock ticks from the boot to the process's start.
        let start: Int

        /// Reads the file; nil when there is no such process.
        init?(of number: Int32) {
            let file = open("/proc/\(number)/stat", O_RDONLY | O_CLOEXEC)
            guard file >= 0 else { return nil }
            defer { close(file) }
            // 52 numbers and a name of 15 bytes at most.
            var line = [UInt8](repeating: 0, count: 1_024)
            let count = read(file, &line, line.count)
            self.init(line: line.prefix(max(0, count)))
        }

        /// Reads a line of it; nil when a field is missing.
        ///
        /// The second field is the program's name in parentheses and may hold anything, so fields are counted
        /// from the last parenthesis.
        init?(line: ArraySlice<UInt8>) {
            guard let end = line.lastIndex(of: UInt8(ascii: ")")) else { return nil }
            let fields = line[(end + 1)...].split { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\n") }
            guard fields.count > 19, fields[0].count == 1, let letter = fields[0].first,
                let start = Int(String(decoding: fields[19], as: UTF8.self))
            else { return nil }
            state = ProcessState(letter: letter)
            self.start = start
        }
    }
}
