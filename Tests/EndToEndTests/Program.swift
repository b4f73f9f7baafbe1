import Foundation
import Testing

/// The release binary under real `mpirun`, each run under a time-out.
struct Program {
    /// Set by `scripts/test`; without it these tests are skipped.
    static let binary = ProcessInfo.processInfo.environment["FEDMPI_BINARY"]

    /// The project's `scripts/mpirun`.
    static let wrapper = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../../scripts/mpirun").standardizedFileURL.path

    struct Outcome {
        let status: Int32
        let output: String
        let errors: String

        var outputLines: [String] { output.split(separator: "\n").map(String.init) }
        var errorLines: [String] { errors.split(separator: "\n").map(String.init) }

        /// The objects of `--json`, by line.
        func events() throws -> [[String: Any]] {
            try outputLines.compactMap { try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any] }
        }

        func digest() throws -> String {
            try #require(try events().last?["digest"] as? String)
        }
    }

    /// Runs `mpirun -np ranks fedmpi arguments`, or without `mpirun` when `ranks` is nil.
    static func run(
        ranks: Int?, _ arguments: [String], seconds: Int = 120, environment: [String: String] = [:]
    ) throws -> Outcome {
        let binary = try #require(binary)
        let launcher = ranks.map { ["mpirun", "-np", "\($0)"] } ?? []
        return try run(
            ["timeout", "-k", "5", "\(seconds)"] + launcher + [binary] + arguments,
            environment: environment)
    }

    static func run(_ words: [String], environment: [String: String] = [:]) throws -> Outcome {
        let folder = try Folder()
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = words
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardInput = FileHandle.nullDevice
        let output = try folder.file("out")
        let errors = try folder.file("err")
        process.standardOutput = output.handle
        process.standardError = errors.handle
        try process.run()
        process.waitUntilExit()
        return Outcome(
            status: process.terminationStatus,
            output: try String(contentsOf: output.url, encoding: .utf8),
            errors: try String(contentsOf: errors.url, encoding: .utf8))
    }
}

/// A temporary folder that goes with its owner.
final class Folder {
    let url: URL
    var path: String { url.path }

    init() throws {
        url = FileManager.default.temporaryDirectory.appendingPathComponent("fedmpi-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(at: url)
    }

    func file(_ name: String) throws -> (url: URL, handle: FileHandle) {
        let file = url.appendingPathComponent(name)
        try Data().write(to: file)
        return (file, try FileHandle(forWritingTo: file))
    }

    func write(_ text: String, to name: String) throws -> String {
        let file = url.appendingPathComponent(name)
        try Data(text.utf8).write(to: file)
        return file.path
    }
}
