import Cryptography
import Federation
import Files
import Foundation
import Testing

@testable import Recording

@Suite struct RecordLogTests {
    private let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    private var url: URL { folder.appendingPathComponent("log.json") }

    init() throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    private struct Entry: Codable, Equatable {
        var number: Int
        var text = "{\"[\n"
    }

    private func bytes() throws -> [UInt8] { [UInt8](try Data(contentsOf: url)) }

    private func entries() throws -> [Int] {
        try JSONDecoder().decode([Entry].self, from: Data(contentsOf: url)).map(\.number)
    }

    /// A log with so many entries.
    private func log(_ count: Int) throws -> RecordLog {
        let log = RecordLog(at: url)
        try log.begin(isMadeEmpty: true)
        for number in 0..<count { try log.append(Entry(number: number)) }
        try log.flush()
        return log
    }

    @Test func `The file is a whole array after each record, and grows at its end`() throws {
        let log = try log(0)
        #expect(try String(contentsOf: url, encoding: .utf8) == "[\n]\n")
        var before = try bytes()
        for number in 0..<600 {
            try log.append(Entry(number: number))
            guard number % 100 == 0 || number == 599 else { continue }
            try log.flush()
            let after = try bytes()
            #expect(after.starts(with: before.dropLast(3)))
            #expect(try entries() == Array(0...number))
            before = after
        }
        let file = try String(contentsOf: url, encoding: .utf8)
        #expect(file.hasPrefix("[\n{\n  \"number\" : 0,\n  \"text\" : \"{\\\"[\\n\"\n},\n{\n  \"number\" : 1,"))
        #expect(file.hasSuffix("}\n]\n"))
    }

    @Test func `A position is that of the bytes before it, and what is not written is beside it`() throws {
        let log = try log(3)
        try log.append(Entry(number: 3))
        let state = try log.state()
        #expect(state.position.records == 3)
        let kept = try bytes().prefix(state.position.bytes)
        #expect(state.position.sha256 == SHA256.hash(kept).hexadecimal)
        #expect(try bytes().count == state.position.bytes + 3)
        #expect(try state.records(of: Entry.self) == [Entry(number: 3)])
        #expect(try RecordLog(at: folder.appendingPathComponent("none.json")).state() == LogState())
    }

    /// What a kill may leave between a record and the next checkpoint: the tail cut anywhere, or written twice.
    @Test func `A log with any tail behind the position goes on to the same bytes`() throws {
        let log = try log(2)
        let state = try log.state()
        for number in 2..<4 { try log.append(Entry(number: number)) }
        try log.flush()
        let whole = try bytes()
        var tails = (state.position.bytes...whole.count).map { Array(whole[state.position.bytes..<$0]) }
        tails += tails.map { Array(whole[state.position.bytes...]) + $0 }
        for tail in tails {
            try Data(whole[..<state.position.bytes] + tail).write(to: url)
            let continued = try RecordLog(at: url, from: state)
            try continued.begin(isMadeEmpty: true)
            #expect(try entries() == [0, 1])
            for number in 2..<4 { try continued.append(Entry(number: number)) }
            try continued.flush()
            guard try bytes() == whole else {
                Issue.record("other bytes behind a tail of \(tail.count)")
                return
            }
            let end = try continued.state().position
            #expect(end.records == 4 && end.sha256 == SHA256.hash(whole.dropLast(3)).hexadecimal)
        }
    }

    @Test func `A log that is shorter than the position, or altered before it anywhere, is refused and left as it is`()
        throws
    {
        let state = try log(3).state()
        let whole = try bytes()
        for count in 0..<state.position.bytes {
            try Data(whole[..<count]).write(to: url)
            #expect(throws: LogDefect.self) { try RecordLog(at: url, from: state) }
            var damaged = whole
            damaged[count] ^= 1
            try Data(damaged).write(to: url)
            #expect(throws: LogDefect.self) { try RecordLog(at: url, from: state) }
            #expect(try bytes() == damaged)
        }
        try FileManager.default.removeItem(at: url)
        let absent = #expect(throws: LogDefect.self) { try RecordLog.check(url, to: state.position) }
        #expect(absent?.isAbsence == true)
        try FileManager.default.createSymbolicLink(atPath: url.path, withDestinationPath: "/etc/hostname")
        let link = #expect(throws: LogDefect.self) { try RecordLog.check(url, to: state.position) }
        let refusal = try #require(link)
        #expect(!refusal.isAbsence && refusal.description.contains("symbolic link"))
    }

    @Test func `What cannot be written is written later, and nothing of it is lost`() throws {
        try FileManager.default.removeItem(at: folder)
        let log = RecordLog(at: url)
        for number in 0..<3 { try log.append(Entry(number: number)) }
        #expect(throws: FileError.self) { try log.flush() }
        #expect(try log.state().records(of: Entry.self).map(\.number) == [0, 1, 2])
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try log.flush()
        #expect(try entries() == [0, 1, 2])
        #expect(try log.state().rest.isEmpty)
    }

    @Test func `A log that was deleted while it is open is made again with all it held`() throws {
        let log = try log(2)
        #expect(log.place == .here)
        try FileManager.default.removeItem(at: folder)
        #expect(log.place == .gone)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try log.remake(at: url)
        try log.append(Entry(number: 2))
        try log.flush()
        #expect(try entries() == [0, 1, 2])
        _ = try RecordLog(at: url, from: log.state())
        try Data("[]".utf8).write(to: folder.appendingPathComponent("other"))
        #expect(rename(folder.appendingPathComponent("other").path, url.path) == 0)
        #expect(log.place == .taken)
    }

    @Test func `Who follows a log sees each record once, however its end stands, and anew when it was cut back`() throws
    {
        var follower = LogFollower<Entry>()
        #expect(try !follower.look(at: url))
        let log = try log(1)
        #expect(try [follower.look(at: url), follower.look(at: url)] == [true, false])
        let state = try log.state()
        for number in 1..<4 {
            let before = try bytes()
            try log.append(Entry(number: number))
            try log.flush()
            let whole = try bytes()
            // While it is being written.
            for count in before.count - 3..<whole.count - 3 {
                try whole[..<count].withUnsafeBytes { try overwrite($0) }
                #expect(try !follower.look(at: url), "\(count)")
            }
            try whole.withUnsafeBytes { try overwrite($0) }
            #expect(try [follower.look(at: url), follower.look(at: url)] == [true, false])
            #expect(follower.records.map(\.number) == Array(0...number))
        }
        // The run is continued from its first round.
        let continued = try RecordLog(at: url, from: state)
        try continued.begin(isMadeEmpty: true)
        try continued.append(Entry(number: 7))
        try continued.flush()
        #expect(try follower.look(at: url))
        #expect(follower.records.map(\.number) == [0, 7])
    }

    /// In place, as a log is written.
    private func overwrite(_ bytes: UnsafeRawBufferPointer) throws {
        let handle = try FileHandle(forWritingTo: url)
        try handle.truncate(atOffset: 0)
        try handle.write(contentsOf: Data(bytes))
        try handle.close()
    }

    @Test func `A log of an earlier version is followed, too`() throws {
        var follower = LogFollower<Entry>()
        let encoder = JSONEncoder()
        encoder.outputFormatting = .prettyPrinted
        try encoder.encode([Entry(number: 1), Entry(number: 2)]).write(to: url)
        #expect(try [follower.look(at: url), follower.look(at: url)] == [true, false])
        #expect(follower.records.map(\.number) == [1, 2])
        try Data("{}".utf8).write(to: url)
        #expect(throws: (any Error).self) { try follower.look(at: url) }
    }
}
