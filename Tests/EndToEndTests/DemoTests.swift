import Foundation
import Testing

@Suite(.serialized, .enabled(if: Program.binary != nil, "set FEDMPI_BINARY to the release binary"))
struct DemoTests {
    @Test func `the demonstration tells the whole story on one page`() throws {
        let folder = try Folder()
        let outcome = try Program.run(
            ranks: nil, ["demo", "--ranks", "3", "--rounds", "1", "--results", folder.path, "--run-name", "demo"],
            seconds: 180)
        #expect(outcome.status == 0, "\(outcome.errors)")
        let page = folder.url.appendingPathComponent("demo/summary.html")
        #expect(try String(contentsOf: page, encoding: .utf8).contains("<h2>Split inference</h2>"))
        let text = try String(contentsOf: folder.url.appendingPathComponent("demo/summary.txt"), encoding: .utf8)
        #expect(text.contains("each prediction the unsplit model's"))
        // Every device's row is whole: no figure is missing.
        for device in ["edge-server", "gateway", "phone", "camera", "sensor"] {
            let row = try #require(text.split(separator: "\n").first { $0.hasPrefix(device + " ") })
            #expect(!row.contains(" - "), "\(row)")
        }
    }

    @Test func `a folder that exists is not written into`() throws {
        let folder = try Folder()
        let arguments = ["demo", "--results", folder.url.deletingLastPathComponent().path, "--run-name"]
        let outcome = try Program.run(ranks: nil, arguments + [folder.url.lastPathComponent], seconds: 30)
        #expect(outcome.status == 2)
        #expect(outcome.errorLines.count == 1 && outcome.errors.contains("exists"), "\(outcome.errors)")
    }
}
