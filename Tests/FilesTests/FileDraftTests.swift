import Files
import Foundation
import Testing

/// Files in a folder that somebody else has made.
@Suite struct FileDraftTests {
    /// `outside` is what nobody may touch; `run` is what was received.
    private let run: URL
    private let outside: URL

    init() throws {
        let root = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString, isDirectory: true)
        run = root.appendingPathComponent("run", isDirectory: true)
        outside = root.appendingPathComponent("outside")
        try FileManager.default.createDirectory(at: run, withIntermediateDirectories: true)
        try Data("mine\n".utf8).write(to: outside)
    }

    private func path(_ name: String) -> String { run.appendingPathComponent(name).path }
    private func link(_ name: String, to target: String? = nil) throws {
        try FileManager.default.createSymbolicLink(atPath: path(name), withDestinationPath: target ?? outside.path)
    }
    private func text(_ name: String) throws -> String {
        String(decoding: try ReceivedFile.contents(run.appendingPathComponent(name)), as: UTF8.self)
    }
    private func isUntouched() throws -> Bool {
        let names = try FileManager.default.contentsOfDirectory(atPath: outside.deletingLastPathComponent().path)
        return try Data(contentsOf: outside) == Data("mine\n".utf8) && names.sorted() == ["outside", "run"]
    }

    @Test func `A link in a file's place is replaced, and what it names stays as it is`() throws {
        try link("report.html")
        try link("dangling", to: "../made-by-fedmpi")
        try run.appendingPathComponent("report.html").replaceContents(with: "new")
        try run.appendingPathComponent("dangling").replaceContents(with: "new")
        #expect(try text("report.html") == "new")
        #expect(try text("dangling") == "new")
        #expect(try isUntouched())
    }

    @Test func `A link in a draft's place is no way out either, and no draft stays`() throws {
        try link("checkpoint.draft")
        var draft = try FileDraft(of: path("checkpoint"), named: path("checkpoint.draft"))
        try draft.write(Array("weights".utf8).span.bytes)
        try draft.synchronize()
        #expect(!FileManager.default.fileExists(atPath: path("checkpoint")))
        try draft.publish()
        #expect(try text("checkpoint") == "weights")
        #expect(try FileManager.default.contentsOfDirectory(atPath: run.path) == ["checkpoint"])
        #expect(try isUntouched())
    }

    @Test func `A draft that is given up leaves the old contents and no file`() throws {
        try run.appendingPathComponent("log").replaceContents(with: "old")
        do {
            var draft = try FileDraft(of: path("log"))
            try draft.write(Array("half".utf8).span.bytes)
        }
        #expect(try text("log") == "old")
        #expect(try FileManager.default.contentsOfDirectory(atPath: run.path) == ["log"])
    }

    @Test func `What is no file is neither replaced nor read`() throws {
        try FileManager.default.createDirectory(atPath: path("folder"), withIntermediateDirectories: false)
        mkfifo(path("pipe"), 0o600)
        try link("null", to: "/dev/null")
        for (name, reason) in [("folder", "it is a folder"), ("pipe", "it is no file, but a pipe or a device")] {
            let error = #expect(throws: FileError.self) {
                try run.appendingPathComponent(name).replaceContents(with: "x")
            }
            #expect(error?.description == "cannot write '\(path(name))': \(reason)")
            #expect(throws: FileError.self) { try ReceivedFile.contents(run.appendingPathComponent(name)) }
        }
        #expect(throws: FileError.self) { try ReceivedFile.contents(run.appendingPathComponent("null")) }
    }

    @Test func `A file that is continued is no link, soft or hard, and is not longer than asked for`() throws {
        try link("soft")
        Foundation.link(outside.path, path("hard"))
        #expect(throws: FileError.self) { try GrowingFile(continuing: path("soft")) }
        #expect(throws: FileError.self) { try GrowingFile(continuing: path("hard")) }
        #expect(throws: FileError.self) { try GrowingFile(continuing: path("missing")) }
        try run.appendingPathComponent("log").replaceContents(with: "one\ntwo\nthr")
        let file = try GrowingFile(continuing: path("log"), at: 8)
        try file.append(Array("three\n".utf8).span.bytes)
        #expect(try text("log") == "one\ntwo\nthree\n")
        try file.write(Array("2\n".utf8).span.bytes, from: 4)
        #expect(try text("log") == "one\n2\n")
        #expect(file.count == 6)
        let error = #expect(throws: FileError.self) { try GrowingFile(continuing: path("log"), at: 9) }
        #expect(error?.reason == "it is cut off: it has 6 bytes instead of 9")
        #expect(try isUntouched())
    }

    @Test func `A file that is begun takes the place of a link`() throws {
        try link("rank_0000.csv")
        let file = try GrowingFile(replacing: path("rank_0000.csv"), with: Array("# head\n".utf8).span.bytes)
        try file.append(Array("1\n".utf8).span.bytes)
        #expect(try text("rank_0000.csv") == "# head\n1\n")
        #expect(try isUntouched())
    }

    @Test func `A folder within a run is no link`() throws {
        try link("timing", to: "..")
        try Folder.make(path("pictures"))
        try Folder.make(path("pictures"))
        #expect(throws: FileError.self) { try Folder.make(path("timing")) }
        #expect(Folder.isLink(path("timing")) && !Folder.isLink(path("pictures")) && !Folder.isLink(path("none")))
    }

    @Test func `A full disk is said in plain words, and the file stays as it was`() throws {
        // Writes to this device fail as on a full disk.
        guard let full = fopen("/dev/full", "w") else { return }
        defer { fclose(full) }
        _ = write(fileno(full), "x", 1)
        let error = FileError("write", "results/a\u{1B}[31m/checkpoint")
        #expect(error.isForWantOfRoom)
        #expect(error.description == "cannot write 'results/a\\u{1b}[31m/checkpoint': the disk is full")
    }
}
