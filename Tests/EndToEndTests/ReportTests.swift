import Foundation
import Testing

@Suite(.serialized, .enabled(if: Program.binary != nil, "set FEDMPI_BINARY to the release binary"))
struct ReportTests {
    private let folder: Folder

    init() throws {
        folder = try Folder()
    }

    private func train(_ arguments: [String], environment: [String: String] = [:]) throws -> Program.Outcome {
        try Program.run(
            ranks: 4,
            [
                "--rounds", "3", "--clients", "9", "--dataset", "synthetic", "--samples-per-client", "40", "--model",
                "logistic", "--results", folder.path, "--run-name", "a",
            ] + arguments, environment: environment)
    }

    private func text(_ name: String) throws -> String {
        try String(contentsOf: folder.url.appendingPathComponent("a/\(name)"), encoding: .utf8)
    }

    /// The lines of a table of numbers and words.
    private func cells(_ name: String) throws -> [[String]] {
        try text(name).split(separator: "\n").filter { !$0.hasPrefix("#") }
            .map { $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init) }
    }

    /// 1234567 → 1,234,567.
    private func grouped(_ number: Int) -> String {
        let digits = Array(String(number))
        return digits.indices.map { ($0 > 0 && (digits.count - $0) % 3 == 0 ? "," : "") + String(digits[$0]) }.joined()
    }

    @Test func `A run ends with tables and a report whose bytes agree with its logs`() throws {
        let outcome = try train([])
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.output.contains("rank  host"))
        #expect(outcome.output.contains("MPI_Igatherv"))
        #expect(outcome.output.contains("straggler"))

        let log = try JSONSerialization.jsonObject(with: Data(try text("round_log.json").utf8)) as? [[String: Any]]
        let upload = try #require(log?.last?["total_upload_bytes"] as? Int)
        let download = try #require(log?.last?["total_download_bytes"] as? Int)
        // 9 clients, 3 rounds; 7,850 floats padded to 64 bytes, an envelope of 64.
        #expect(upload == 9 * 3 * (31_424 + 64))

        let server = try cells("timing/rank_0000.csv")
        let gathered = server.filter { $0[3] == "gather" }.compactMap { Int($0[6]) }.reduce(0, +)
        #expect(gathered == upload, "the server's log")
        var received = 0
        var sent = 0
        for rank in 1...3 {
            for event in try cells("timing/rank_000\(rank).csv") {
                if event[3] == "broadcast" { received += (Int(event[6]) ?? 0) * (Int(event[9]) ?? 0) }
                if event[3] == "gather" { sent += Int(event[7]) ?? 0 }
            }
        }
        #expect(sent == upload, "the clients' logs")
        #expect(received == download, "a frame for each client that it was for")
        let counted = try cells("timing/messages_rank_0000.csv").filter { $0[0] == "MPI_Igatherv" }
            .compactMap { Int($0[4]) }.reduce(0, +)
        #expect(counted == upload, "the server's message counts")
        let matrix = try cells("byte_matrix.csv").dropFirst().filter { $0[1] == "0" }.compactMap { Int($0[2]) }
        #expect(matrix.reduce(0, +) >= upload, "updates, and what keeps the ranks in touch")

        let report = try text("analysis_report.txt")
        for bytes in [upload, download] { #expect(report.contains("\(grouped(bytes)) bytes")) }
        #expect(report.contains("updates, round log      \(grouped(upload)) bytes"))
        #expect(report.contains("updates, server's log   \(grouped(upload)) bytes in"))
        #expect(report.contains("weights, clients' logs  \(grouped(download)) bytes"))
        let trace = try JSONSerialization.jsonObject(with: Data(try text("trace.json").utf8)) as? [String: Any]
        #expect((trace?["traceEvents"] as? [Any])?.isEmpty == false)
    }

    @Test func `A run can leave the report out, and fedmpi report writes it later`() throws {
        #expect(try train(["--no-report", "--quiet"]).status == 0)
        let page = folder.url.appendingPathComponent("a/report.html").path
        #expect(!FileManager.default.fileExists(atPath: page))
        let outcome = try Program.run(ranks: nil, ["report", "a", "--results", folder.path])
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.outputLines.last?.hasPrefix("report ") == true)
        #expect(FileManager.default.fileExists(atPath: page))
    }

    @Test func `A run that lost a rank says so in its report`() throws {
        let outcome = try train(["--rounds", "5", "--inject", "kill:rank=2@round=2", "--json"])
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(try text("analysis_report.txt").contains("logs end early   rank 2"))
    }

    @Test func `A killed run is reported as far as it came`() throws {
        // Without its guardian a killed rank ends the job.
        let outcome = try train(
            ["--rounds", "1000", "--inject", "kill:rank=2@round=40"], environment: ["FEDMPI_GUARDIAN": "0"])
        #expect(outcome.status != 0)
        let report = try Program.run(ranks: nil, ["report", "a", "--results", folder.path])
        #expect(report.status == 0, "\(report.errors)")
        #expect(try text("analysis_report.txt").contains("not finished"))
    }

    @Test func `A folder that is not there, or is no run's, gets one line and exit code 2`() throws {
        for arguments in [["report", "nothing"], ["report", folder.path]] {
            let outcome = try Program.run(ranks: nil, arguments + ["--results", folder.path])
            #expect(outcome.status == 2)
            #expect(outcome.errorLines.count == 1)
            #expect(outcome.errors.hasPrefix("fedmpi: "))
            #expect(outcome.output.isEmpty)
        }
    }

    @Test(.enabled(if: ProcessInfo.processInfo.environment["FEDMPI_PYTHON"] != nil, "set FEDMPI_PYTHON"))
    func `The page stands alone and is well formed`() throws {
        #expect(try train(["--quiet"]).status == 0)
        let script = """
            import html.parser, sys
            class Page(html.parser.HTMLParser):
                open, pictures = [], 0
                def handle_starttag(self, tag, attributes):
                    attributes = dict(attributes)
                    for name in ("src", "href"):
                        # Inside the page, or a file beside it.
                        assert attributes.get(name, "data:").startswith(("data:", "#", "./")), attributes[name]
                    assert tag not in ("script", "link"), tag
                    self.pictures += tag == "img"
                    if tag not in ("meta", "img"): self.open.append(tag)
                def handle_endtag(self, tag): assert self.open.pop() == tag, tag
            page = Page()
            page.feed(open(sys.argv[1]).read())
            assert not page.open, page.open
            print(page.pictures)
            """
        let python = try #require(ProcessInfo.processInfo.environment["FEDMPI_PYTHON"])
        let outcome = try Program.run([python, "-c", script, folder.path + "/a/report.html"])
        #expect(outcome.status == 0, "\(outcome.errors)")
        let hasGnuplot = try Program.run(["gnuplot", "--version"]).status == 0
        #expect(outcome.outputLines == [hasGnuplot ? "4" : "0"])
    }

    @Test func `A name moves no terminal's cursor`() throws {
        for command in ["report", "watch"] {
            let outcome = try Program.run(ranks: nil, [command, "no\u{1B}[31m\u{9B}2J"])
            #expect(outcome.status == 2)
            #expect(outcome.errors.contains("no\\u001b[31m\\u009b2J") && !outcome.errors.contains("\u{1B}"))
        }
    }
}
