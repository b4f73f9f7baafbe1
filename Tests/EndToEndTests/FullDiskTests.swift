import Foundation
import Testing

/// Runs on a disk of their own, of a megabyte, which is nearly full.
@Suite(
    .enabled(if: Program.binary != nil, "set FEDMPI_BINARY to the release binary"),
    .enabled(if: canMount, "needs the right to mount a file system in a name space"))
struct FullDiskTests {
    private let folder: Folder
    private var disk: URL { folder.url.appendingPathComponent("disk") }
    private var copy: URL { folder.url.appendingPathComponent("copy") }

    init() throws {
        folder = try Folder()
        try FileManager.default.createDirectory(at: disk, withIntermediateDirectories: true)
    }

    private static let job = [
        "--dataset", "synthetic", "--model", "edgecnn-small", "--clients", "4", "--samples-per-client", "40",
        "--rounds",
        "3", "--timing", "off", "--no-report", "--no-history", "--json",
    ]

    /// Weights of 203,560 bytes; a checkpoint has some 1,700 more, the model some 400.
    /// - Parameters:
    ///   - free: kilobytes.
    ///   - first: what is done beforehand.
    private func train(free: Int, first: String = "") throws -> Program.Outcome {
        let script = """
            binary=$1 disk=$2 copy=$3; shift 3
            mount -t tmpfs -o size=1m tmpfs "$disk" && dd if=/dev/zero of="$disk/fill" bs=1k count=\(1024 - free) status=none
            \(first)
            "$binary" "$@"
            status=$?
            cp -r "$disk/run" "$copy"
            exit $status
            """
        return try Program.run(
            ["timeout", "-k", "5", "60", "unshare", "-rm", "bash", "-c", script, "bash", try #require(Program.binary)]
                + [disk.path, copy.path] + Self.job + ["--results", disk.path, "--run-name", "run"])
    }

    private var files: [String] {
        get throws { try FileManager.default.contentsOfDirectory(atPath: copy.path).sorted() }
    }

    @Test func `A run whose last checkpoint has no room ends with its model, code 0 and what is missing`() throws {
        let whole = try Program.run(ranks: nil, Self.job + ["--results", folder.path, "--run-name", "whole"])
        // Room for the first checkpoint and the model, and not for another.
        let outcome = try train(free: 450)
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(try outcome.digest() == whole.digest())
        #expect(try files == ["checkpoint", "config.json", "model.safetensors", "partition.csv", "round_log.json"])
        let line = try #require(outcome.errorLines.last)
        #expect(line.contains("incomplete: checkpoint, of which the newest is of round "), "\(outcome.errors)")
        #expect(line.hasSuffix("(the disk of '\(disk.path)' is full)"), "\(outcome.errors)")
    }

    @Test func `A run whose model has no room ends with 1, keeps its checkpoint, and says how to go on`() throws {
        let outcome = try train(free: 300)
        #expect(outcome.status == 1, "\(outcome.errors)")
        #expect(outcome.errors.contains("failed after round 3 of 3, not saved: the disk of '\(disk.path)' is full"))
        #expect(outcome.errors.contains(" is there: continue with --resume \(disk.path)/run"))
        #expect(try files == ["checkpoint", "config.json", "partition.csv", "round_log.json"])
        let resumed = try Program.run(
            ranks: nil, ["--resume", copy.path, "--json", "--timing", "off", "--no-report", "--no-history"])
        #expect(resumed.status == 0, "\(resumed.errors)")
        #expect(try files.contains("model.safetensors"))
    }

    @Test func `A disk without any room is refused before the first round`() throws {
        let outcome = try train(free: 0)
        #expect(outcome.status == 2)
        #expect(
            outcome.errorLines.first
                == "fedmpi: cannot write into '\(disk.path)/run': the disk of '\(disk.path)' is full")
        #expect(outcome.outputLines.allSatisfy { $0.contains(#""event":"error""#) })
    }
}

private let canMount =
    (try? Program.run(["unshare", "-rm", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]).status == 0) ?? false
