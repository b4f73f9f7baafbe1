import Dispatch
import FedCore
import Federation
import Foundation

/// Writes a rank's timing files as the run goes on, on a thread of its own: a slow disk never stands in the run's way.
public final class TimingWriter: TimingSink {
    private let queue = DispatchQueue(label: "timing files", qos: .utility)
    private let files: TimingOutput

    /// Opens the files, which a continued run goes on with.
    /// - Parameters:
    ///   - folder: of the run; made where it is missing, on a node that does not share rank 0's file system.
    ///   - failed: called once, if the files can be written no longer; the run goes on without.
    public init(run folder: String, _ header: TimingHeader, failed: @escaping @Sendable (any Error) -> Void) throws {
        files = try TimingOutput(
            URL(fileURLWithPath: folder, isDirectory: true).appendingPathComponent(TimingFiles.folder), header, failed)
    }

    public func append(_ events: [TimingEvent]) {
        queue.async { [files] in files.append(events) }
    }

    public func replace(_ messages: [MessageCount]) {
        queue.async { [files] in files.replace(messages) }
    }

    public func close(_ clockAtEnd: ClockReading?) {
        queue.sync { files.close(clockAtEnd) }
    }
}

/// The open files of a rank.
private final class TimingOutput: @unchecked Sendable {
    // Sendable: after `init` it is used on its writer's serial queue only.

    private let header: TimingHeader
    private let encoder: TimingEncoder
    private let failed: (any Error) -> Void
    private let events: FileHandle
    private let messages: FileHandle
    /// The blocks of earlier starts of the run.
    private let earlierMessages: Data
    private var bytes: [UInt8] = []
    private var hasFailed = false

    init(_ folder: URL, _ header: TimingHeader, _ failed: @escaping (any Error) -> Void) throws {
        self.header = header
        self.failed = failed
        encoder = TimingEncoder(rank: header.rank, host: header.host)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        (events, _) = try Self.open(folder.appendingPathComponent(TimingFiles.events(rank: header.rank)))
        (messages, earlierMessages) = try Self.open(
            folder.appendingPathComponent(TimingFiles.messages(rank: header.rank)))
        try events.write(contentsOf: TimingEncoder.header(header))
    }

    /// Opens a file at the end of its last whole line.
    private static func open(_ file: URL) throws -> (FileHandle, Data) {
        if !FileManager.default.fileExists(atPath: file.path) { try Data().write(to: file) }
        let contents = try Data(contentsOf: file)
        let end = contents.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
        let handle = try FileHandle(forWritingTo: file)
        try handle.truncate(atOffset: UInt64(end))
        try handle.seekToEnd()
        return (handle, contents[..<end])
    }

    func append(_ new: [TimingEvent]) {
        bytes.removeAll(keepingCapacity: true)
        for event in new { encoder.encode(event, to: &bytes) }
        attempt { try events.write(contentsOf: bytes) }
    }

    /// In place and in one piece: the counts only grow, so that the file does not become shorter.
    func replace(_ counts: [MessageCount]) {
        attempt {
            try messages.seek(toOffset: 0)
            try messages.write(contentsOf: earlierMessages + Data(TimingEncoder.encode(counts, header)))
        }
    }

    func close(_ clockAtEnd: ClockReading?) {
        attempt {
            if let clockAtEnd { try events.write(contentsOf: TimingEncoder.trailer(clockAtEnd)) }
            try messages.close()
            try events.write(contentsOf: TimingFiles.lastLine)
            try events.close()
        }
    }

    private func attempt(_ body: () throws -> Void) {
        guard !hasFailed else { return }
        do {
            try body()
        } catch {
            hasFailed = true
            failed(error)
        }
    }
}
