import Dispatch
public import FedCore
import Files
import Foundation
public import Records

/// Writes a rank's timing files as the run goes on, on a thread of its own: a slow disk never stands in the run's way.
public final class TimingWriter: TimingSink {
    private let queue = DispatchQueue(label: "timing files", qos: .utility)
    private let files: TimingOutput

    /// Opens the files, which a continued run goes on with.
    /// - Parameters:
    ///   - folder: of the run; made where it is missing, on a node that does not share rank 0's file system.
    ///   - troubles: is told when they cannot be written; it is tried again.
    public init(run folder: String, _ header: TimingHeader, _ troubles: OutputTroubles) throws {
        files = try TimingOutput(
            URL(fileURLWithPath: folder, isDirectory: true).appendingPathComponent(TimingFiles.folder), header, troubles
        )
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
    private let troubles: OutputTroubles
    private let events: GrowingFile
    private let messages: GrowingFile
    /// Bytes of the blocks of earlier starts of the run.
    private let earlierMessages: Int
    /// Events that are still to be written.
    private var pending: [UInt8] = []
    private var lostEvents = 0

    /// A disk that is full for long must not fill the memory.
    private static let capacity = 4 << 20

    init(_ folder: URL, _ header: TimingHeader, _ troubles: OutputTroubles) throws {
        self.header = header
        self.troubles = troubles
        encoder = TimingEncoder(rank: header.rank, host: header.host)
        // On a node that does not share rank 0's file system the run's folder is missing, too.
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try Folder.check(folder.path)
        events = try Self.open(folder.appendingPathComponent(TimingFiles.events(rank: header.rank)))
        messages = try Self.open(folder.appendingPathComponent(TimingFiles.messages(rank: header.rank)))
        earlierMessages = messages.count
        let bytes = TimingEncoder.header(header)
        try events.append(Array(bytes).span.bytes)
    }

    /// Opens a file at the end of its last whole line.
    private static func open(_ file: URL) throws -> GrowingFile {
        guard FileManager.default.fileExists(atPath: file.path) || Folder.isLink(file.path) else {
            return try GrowingFile(replacing: file.path)
        }
        let grown = try GrowingFile(continuing: file.path)
        var end = grown.count
        while end > 0 {
            let start = max(0, end - 4096)
            let block = try grown.contents(from: start, atMost: end - start)
            if let newline = block.lastIndex(of: UInt8(ascii: "\n")) {
                end = start + newline + 1
                break
            }
            end = start
        }
        return try GrowingFile(continuing: file.path, at: end)
    }

    private var eventsName: String { "\(TimingFiles.folder)/\(TimingFiles.events(rank: header.rank))" }

    func append(_ new: [TimingEvent]) {
        let before = pending.count
        for event in new { encoder.encode(event, to: &pending) }
        if pending.count > Self.capacity {
            pending.removeLast(pending.count - before)
            lostEvents += new.count
            troubles.lost("\(lostEvents) events were lost", of: eventsName)
        }
        flush()
    }

    private func flush() {
        let pending = pending
        let isWritten = troubles.attempt(eventsName) {
            try remake(events)
            try events.append(pending.span.bytes)
        }
        if isWritten { self.pending = [] }
        // Only rank 0 has somebody who tells it now and then.
        if header.rank > 0 { troubles.tell() }
    }

    /// In a folder that was deleted, if rank 0 has made it again.
    private func remake(_ file: GrowingFile) throws {
        guard file.place == .gone else { return }
        try Folder.make(Folder.above(file.path))
        try file.remake()
    }

    /// In place and in one piece: the counts only grow, so that the file does not become shorter.
    func replace(_ counts: [MessageCount]) {
        let name = "\(TimingFiles.folder)/\(TimingFiles.messages(rank: header.rank))"
        troubles.attempt(name) {
            try remake(messages)
            try messages.write(Array(TimingEncoder.encode(counts, header)).span.bytes, from: earlierMessages)
        }
    }

    func close(_ clockAtEnd: ClockReading?) {
        if let clockAtEnd { pending += Array(TimingEncoder.trailer(clockAtEnd)) }
        pending += TimingFiles.lastLine
        flush()
        if header.rank > 0 {
            troubles.tell(isLast: true)
            if let summary = troubles.summary { troubles.note(summary) }
        }
    }
}
