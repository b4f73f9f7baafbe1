import ArgumentParser
import FedCore
import Foundation
import Testing

@testable import fedmpi

/// What a command writes where the user says.
struct OutputFileTests {
    private let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)

    init() throws { try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true) }

    private func path(_ name: String) -> String { folder.appendingPathComponent(name).path }
    private func overwrite(_ arguments: [String] = []) throws -> OverwriteOption {
        try OverwriteOption.parse(arguments)
    }
    private func contents(_ name: String) -> String? { try? String(contentsOfFile: path(name), encoding: .utf8) }

    @Test func `What is there is replaced only where that is asked for`() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        try OutputFile(path("model.safetensors"), overwrite()).write(Array("old".utf8))
        let error = #expect(throws: ConfigurationError.self) {
            try OutputFile(path("model.safetensors"), overwrite())
        }
        #expect(
            error?.description.hasSuffix("is there already: choose another name, or replace it with --force") == true)
        #expect(contents("model.safetensors") == "old")
        try OutputFile(path("model.safetensors"), overwrite(["--force"])).write(Array("new".utf8))
        #expect(contents("model.safetensors") == "new")
    }

    @Test func `What came while the command worked is not replaced, nor is a link to nowhere`() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = try OutputFile(path("a"), overwrite())
        try Data("another's".utf8).write(to: folder.appendingPathComponent("a"))
        #expect(throws: ConfigurationError.self) { try file.write([1]) }
        #expect(contents("a") == "another's")
        try FileManager.default.createSymbolicLink(atPath: path("link"), withDestinationPath: path("nowhere"))
        #expect(throws: ConfigurationError.self) { try OutputFile(path("link"), overwrite()) }
        #expect(throws: ConfigurationError.self) { try OutputFile(folder.path, overwrite(["--force"])) }
        #expect(throws: ConfigurationError.self) { try OutputFile(path("none/x"), overwrite(["--force"])) }
    }

    @Test func `A folder that has one of the files is left as it is`() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let (files, results) = (["table.json", "picture.png"], path("results"))
        _ = try OutputFolder(results, for: files, overwrite())
        _ = try OutputFolder(results, for: files, overwrite())  // it is empty
        try Data().write(to: URL(fileURLWithPath: results + "/picture.png"))
        #expect(throws: ConfigurationError.self) { try OutputFolder(results, for: files, overwrite()) }
        #expect(throws: Never.self) { try OutputFolder(results, for: files, overwrite(["--force"])) }
    }

    @Test(arguments: ["medium.int8.tflite", "m.ONNX", "m.pt"])
    func `Weights are not written under the name of another format`(name: String) throws {
        let error = #expect(throws: ConfigurationError.self) { try OutputFile.weights(path(name), overwrite()) }
        #expect(error?.description.contains("end its name in .safetensors") == true)
        #expect(throws: Never.self) { try OutputFile.weights(path("m.int8.safetensors"), overwrite()) }
    }

    /// Each command that takes a path to write to takes `--force`.
    @Test(arguments: [
        ["quantize", "--model", "m", "--output", "o"], ["prune", "--model", "m", "--output", "o", "--sparsity", "0.5"],
        ["export", "--model", "m", "--to", "o.onnx"], ["variants", "m", "--output", "o"],
        ["compare", "a", "b", "--output", "o"], ["runs", "export", "--csv", "o"],
    ])
    func `Each command that writes to a path takes --force`(arguments: [String]) {
        #expect(throws: Never.self) { try FedMPI.parseAsRoot(arguments + ["--force"]) }
    }
}
