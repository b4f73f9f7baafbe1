import Dispatch
public import FedCore
import Files
import Foundation
public import Records

/// Writes a rank's timing files as the run goes on, on a thread of its own: a slow disk never stands in the run's way.
///
/// Every rank has one. On a node that does not share rank 0's file system the files are left there.
public final class TimingWriter: TimingSink {
    /// The serial queue on which the files are used.
    private let queue = DispatchQueue(label: "timing files", qos: .utility)
    /// The open files.
    private let files: TimingOutput

    /// Opens the files, which a continued run goes on with.
    ///
    /// - Parameters:
    ///   - folder: the folder of the run; made where it is missing, on a node that does not share rank 0's file
    ///     system.
    ///   - header: what stands before this start's events.
    ///   - troubles: is told when they cannot be written; it is tried again.
    /// - Throws: when a file cannot be opened, or is a link.
    public init(run folder: String, _ header: TimingHeader, _ troubles: OutputTroubles) throws {
        files = try TimingOutput(
            URL(fileURLWithPath: folder, isDirectory: true).appendingPathComponent(TimingFiles.folder), header, troubles
        )
    }

    /// Hands events over; returns at once.
    public func append(_ events: [TimingEvent]) {
        queue.async { [files] in files.append(events) }
    }

    /// Hands over the counts of all messages so far; returns at once.
    public func replace(_ messages: [MessageCount]) {
        queue.async { [files] in files.replace(messages) }
    }

    /// Writes everything and the closing line; waits for the disk.
    public func close(_ clockAtEnd: ClockReading?, _ processor: ProcessorUse?) {
        queue.sync { files.close(clockAtEnd, processor) }
    }
}

/// The open files of a rank: its events, which grow, and its message counts, which are replaced.
private final class TimingOutput: @unchecked Sendable {
    // Sendable: after `init` it is used on its writer's serial queue only.

    /// The header of this start, which stands in both files.
    private let header: TimingHeader
    /// Makes the lines of events.
    private let encoder: TimingEncoder
    /// The list for what cannot be written; of rank 0 that of the run's folder.
    private let troubles: OutputTroubles
    /// The event file.
    private let events: GrowingFile
    /// The message file; its last block is this start's.
    private let messages: GrowingFile
    /// The bytes of the message file that earlier starts of the run wrote.
    private let earlierMessages: Int
    /// The bytes of events that are still to be written.
    private var pending: [UInt8] = []
    /// The number of events that are lost for want of room in memory.
    private var lostEvents = 0

    /// The most bytes that wait for the disk: one that is full for long must not fill the memory.
    private static let capacity = 4 << 20

    /// Opens both files and writes this start's header.
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

    /// Opens a file at the end of its last whole line, or makes it. What a killed job left of a line is cut off.
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

    /// The name of the event file in messages to the user.
    private var eventsName: String { "\(TimingFiles.folder)/\(TimingFiles.events(rank: header.rank))" }

    /// Encodes events and writes them; those that would pass ``capacity`` are lost, and counted.
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

    /// Writes what waits, and tells of troubles where no other part of the program does.
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

    /// Makes a file again in a folder that was deleted, if rank 0 has made that again.
    private func remake(_ file: GrowingFile) throws {
        guard file.place == .gone else { return }
        try Folder.make(Folder.above(file.path))
        try file.remake()
    }

    /// Writes the counts in place and in one piece: they only grow, so that the file does not become shorter.
    func replace(_ counts: [MessageCount]) {
        let name = "\(TimingFiles.folder)/\(TimingFiles.messages(rank: header.rank))"
        troubles.attempt(name) {
            try remake(messages)
            try messages.write(Array(TimingEncoder.encode(counts, header)).span.bytes, from: earlierMessages)
        }
    }

    /// Writes the last clock reading, what processors did and the closing line, and tells what was lost.
    func close(_ clockAtEnd: ClockReading?, _ processor: ProcessorUse?) {
        if let clockAtEnd { pending += Array(TimingEncoder.trailer(clockAtEnd)) }
        if let processor { pending += TimingEncoder.processor(processor) }
        pending += TimingFiles.lastLine
        flush()
        if header.rank > 0 {
            troubles.tell(isLast: true)
            if let summary = troubles.summary { troubles.note(summary) }
        }
    }
}
