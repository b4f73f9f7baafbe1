import Foundation
import Testing

@Suite(.serialized, .enabled(if: Program.binary != nil, "set FEDMPI_BINARY to the release binary"))
struct TraceTests {
    @Test func `A run's trace has its digest and its bytes, on standard output and in a file`() throws {
        let folder = try Folder()
        let trained = try Program.run(
            ranks: 3,
            [
                "--rounds", "2", "--clients", "4", "--dataset", "synthetic", "--samples-per-client", "40", "--model",
                "logistic", "--results", folder.path, "--run-name", "a",
            ])
        #expect(trained.status == 0, "\(trained.errors)")
        let written = try Program.run(ranks: nil, ["trace", "a", "--results", folder.path, "--otlp", "-"])
        #expect(written.status == 0, "\(written.errors)")
        let digest = try #require(trained.output.firstMatch(of: /sha256 ([0-9a-f]{64})/)?.1)
        #expect(written.output.contains("{\"key\":\"fedmpi.digest\",\"value\":{\"stringValue\":\"\(digest)\"}}"))
        // 4 clients, 2 rounds; 7,850 floats padded to 64 bytes, an envelope of 64.
        let upload = 4 * 2 * (31_424 + 64)
        #expect(written.output.contains("{\"key\":\"fedmpi.upload_bytes\",\"value\":{\"intValue\":\"\(upload)\"}}"))

        let file = folder.url.appendingPathComponent("trace.otlp.json")
        let arguments = ["trace", folder.path + "/a", "--otlp", file.path]
        #expect(try Program.run(ranks: nil, arguments).status == 0)
        #expect(try String(contentsOf: file, encoding: .utf8) == written.output)
        #expect(try Program.run(ranks: nil, arguments).status == 2, "nothing is replaced unasked")
        #expect(try Program.run(ranks: nil, arguments + ["--force"]).status == 0)

        // Without a file it is Perfetto's, which a run that was killed does not have.
        let trace = folder.url.appendingPathComponent("a/trace.json")
        let first = try Data(contentsOf: trace)
        try FileManager.default.removeItem(at: trace)
        #expect(try Program.run(ranks: nil, ["trace", "a", "--results", folder.path]).status == 0)
        #expect(try Data(contentsOf: trace) == first)
    }

    @Test func `A run without timing files has no trace`() throws {
        let folder = try Folder()
        let trained = try Program.run(
            ranks: nil,
            [
                "--rounds", "1", "--clients", "2", "--dataset", "synthetic", "--samples-per-client", "40", "--model",
                "logistic", "--results", folder.path, "--run-name", "a", "--timing", "off",
            ])
        #expect(trained.status == 0, "\(trained.errors)")
        let outcome = try Program.run(ranks: nil, ["trace", "a", "--results", folder.path, "--otlp", "-"])
        #expect(outcome.status == 2 && outcome.output.isEmpty)
        #expect(outcome.errorLines.count == 1 && outcome.errors.contains("--timing on"))
        #expect(try Program.run(ranks: nil, ["trace", "a", "--results", folder.path]).errors == outcome.errors)
    }
}
