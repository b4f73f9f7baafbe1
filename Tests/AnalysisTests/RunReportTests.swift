import FedCore
import Files
import Foundation
import Recording
import Testing

@testable import Analysis

struct RunReportTests {
    private static let hasGnuplot = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").contains {
        FileManager.default.isExecutableFile(atPath: "\($0)/gnuplot")
    }

    private func fixture(rounds: Int = 5, sessions: [TimingSession] = Logs.twoRounds, cut: Int = 0) throws
        -> RunFolderFixture
    {
        let accuracies = [0.4, 0.8, 0.9, 0.92, 0.94, 0.94, 0.94, 0.94]
        let log = (1...rounds).map { Logs.round($0, accuracy: accuracies[($0 - 1) % 8], late: $0 == 2 ? 1 : 0) }
        let fixture = try RunFolderFixture(
            log: String(("[" + log.joined(separator: ",\n") + "]").dropLast(cut)), sessions: sessions)
        try fixture.url.appendingPathComponent(PartitionFile.name)
            .replaceContents(with: PartitionFile(table: [[100, 200], [300, 0]], bytesPerSample: 784).contents)
        return fixture
    }

    @Test func `Without gnuplot everything else is written, and one line says what to install`() throws {
        let fixture = try fixture()
        let notes = try RunReport(RecordedRun(in: fixture.url)).write(path: "/nonexistent")
        #expect(notes.count == 1)
        #expect(notes[0].contains("gnuplot-nox"))
        let files = try fixture.files
        for name in [
            "analysis_report.txt", "report.html", "trace.json", "efficiency.csv", "timeline.gp", "timeline.csv",
        ] {
            #expect(files.contains(name))
        }
        #expect(!files.contains { $0.hasSuffix(".png") })
        #expect(try !fixture.text("report.html").contains("<img alt"))
    }

    @Test(.enabled(if: hasGnuplot, "gnuplot is not installed"), arguments: [1, 5, 400])
    func `Every picture is drawn from the script and the data beside it`(rounds: Int) throws {
        let fixture = try fixture(rounds: rounds)
        #expect(try RunReport(RecordedRun(in: fixture.url)).write() == [])
        // Somebody is late in round 2.
        let names =
            ["convergence_and_cost", "bandwidth_efficiency", "timeline", "client_distribution"]
            + (rounds > 1 ? ["client_participation"] : [])
        for name in names {
            let png = try Data(contentsOf: fixture.url.appendingPathComponent("\(name).png"))
            #expect(png.prefix(8) == Data([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]), "\(name)")
            #expect(try fixture.text("\(name).gp").contains("DATA = '\(name).csv'"))
        }
        let page = try fixture.text("report.html")
        #expect(page.components(separatedBy: "src=\"data:image/svg+xml;base64,").count == names.count + 1)
        #expect(try !fixture.files.contains { $0.hasSuffix(".svg") })
        #expect(!page.contains("http"), "the page needs nothing else")
    }

    @Test(
        .enabled(if: hasGnuplot, "gnuplot is not installed"),
        arguments: ["[{\"round\": 1}]", "[{\"round\": 3, \"server_accuracy\": 0.5, \"upload_bytes\": 0}]", "[]"])
    func `A log that tells little is drawn as far as it tells`(log: String) throws {
        let fixture = try RunFolderFixture(log: log, sessions: [Logs.session(rank: 0, [])])
        #expect(try RunReport(RecordedRun(in: fixture.url)).write() == [])
    }

    @Test(.enabled(if: hasGnuplot, "gnuplot is not installed"))
    func `A run with a budget of privacy has accuracy against epsilon`() throws {
        let log = """
            [{"round": 1, "server_accuracy": 0.5, "epsilon": 1.5, "epsilon_next": 2.0},
             {"round": 2, "server_accuracy": 0.75, "epsilon": 2.0, "epsilon_next": 2.4}]
            """
        let fixture = try RunFolderFixture(log: log, sessions: [Logs.session(rank: 0, [])])
        #expect(try RunReport(RecordedRun(in: fixture.url)).write() == [])
        #expect(try fixture.text("accuracy_over_epsilon.csv").contains("1.5,50.0,1\n2.0,75.0,2"))
        #expect(try fixture.text("report.html").contains("Accuracy of the weights of a round against epsilon"))
    }

    @Test func `The text tells thresholds, the fall-off and the cost of the raw data`() throws {
        let fixture = try fixture(rounds: 8)
        _ = try RunReport(RecordedRun(in: fixture.url)).write(path: nil)
        let text = try fixture.text("analysis_report.txt")
        #expect(text.contains("uploaded        8.00 MB (8,000,000 bytes)"))
        #expect(text.contains("\n70 %          2       2.00         2.00\n"))
        #expect(text.contains("\n90 %          3       3.00         3.00\n"))
        // Scaled: x 0, 1/7, 2/7, 3/7, …; y 0, 0.741, 0.926, 0.963, 1, …; y − x is largest, 0.640, in round 3. Stopping after
        // 3 of 8 MB saves 5 MB and gives up 94 − 90 points.
        #expect(text.contains("Accuracy per MB falls off after round 3: 90.00 % for 3.00 MB of updates."))
        #expect(text.contains("saves 5.00 MB"))
        let words = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        #expect(words.contains("gives up 4.00 points"))
        #expect(text.contains("600 × 784 bytes = 0.47 MB"))
        #expect(
            words.contains(
                "rank 2 (node2): 0.01 ms a round behind the mean of the client ranks, the slowest in 2 of 2 rounds"))
        // 20 samples a turn against 10, in 80 µs against 60.
        #expect(words.contains("2.00 times the other ranks' samples, at 1.50 times their speed"))
        #expect(text.contains("\nlate "))
        #expect(text.contains("weights, clients' logs  120 bytes, a copy for each client"))
    }

    @Test func `A run that was killed half-way is reported as far as it goes`() throws {
        var sessions = Logs.twoRounds
        sessions[1].header.clockAtEnd = nil
        sessions[1].events.removeLast(3)
        let fixture = try fixture(rounds: 3, sessions: Array(sessions.dropLast()), cut: 30)
        _ = try RunReport(RecordedRun(in: fixture.url)).write(path: nil)
        let text = try fixture.text("analysis_report.txt")
        #expect(text.contains("rounds          2, not finished"))
        #expect(text.contains("1 entry of the round log cannot be read."))
        #expect(text.contains("No log of rank 2: tables and pictures show the others."))
        #expect(!text.contains("logs end early"), "all of them do")
    }

    @Test func `A rank that was lost is named, and what went wrong is told`() throws {
        var sessions = Logs.twoRounds
        sessions[1].header.clockAtEnd = nil
        sessions[1].events.removeAll { $0.round == 2 }
        let fixture = try fixture(rounds: 2, sessions: sessions)
        try fixture.write("", "model.safetensors")
        try fixture.write(
            "[{\"round\": 2, \"kind\": \"rank_lost\", \"rank\": 1, \"clients\": [4, 7]}]", "faults.json")
        let run = try RecordedRun(in: fixture.url)
        _ = try RunReport(run).write(path: nil)
        let text = try fixture.text("analysis_report.txt")
        #expect(text.contains("logs end early   rank 1"))
        #expect(text.contains("2      rank lost  1     4, 7     -"))
        let trace = String(decoding: TraceFile(run, TimeAccount(run.timing)).bytes, as: UTF8.self)
        #expect(trace.contains("\"rank lost: rank 1\""))
        #expect(trace.contains("\"the log of rank 1 ends\""))
    }

    @Test func `A run that was continued is measured by the rounds it was continued to`() throws {
        let fixture = try fixture(rounds: 3)
        try fixture.write("{\"settings\": {\"rounds\": 2, \"lr\": 0.5, \"inject\": []}}", "config.json")
        try fixture.write("[{\"rounds\": 9}, {\"rounds\": 5, \"ranks\": 3}]", "resumes.json")
        let run = try RecordedRun(in: fixture.url)
        #expect(run.plannedRounds == 5)
        #expect(run.resumes == 2)
        #expect(run.setting("lr") == "0.5")
        #expect(run.setting("inject") == "none")
    }

    @Test func `A run without one finished round has a report`() throws {
        let fixture = try RunFolderFixture(log: "[\n\n]")
        _ = try RunReport(RecordedRun(in: fixture.url)).write(path: nil)
        #expect(try fixture.text("analysis_report.txt").contains("No round was finished."))
    }

    @Test func `Simulated time is called simulated`() throws {
        let fixture = try RunFolderFixture(log: "[{\"round\": 1, \"seconds\": 0.5, \"simulated_seconds\": 12.5}]")
        _ = try RunReport(RecordedRun(in: fixture.url)).write(path: nil)
        let text = try fixture.text("analysis_report.txt")
        #expect(text.contains("simulated time  12.50 s (simulated"))
        // The last column's heading, in two lines.
        #expect(text.contains("simulated\n"))
    }

    @Test func `What a run has measured is in its report, as it is declared, and under its name where it is not`()
        throws
    {
        let log =
            #"[{"round": 1, "attack_success": 0.25, "epsilon": 0.5, "left_watts": 2}, {"round": 2, "epsilon": 1.5}]"#
        let fixture = try RunFolderFixture(log: log)
        let epsilon = Metric("epsilon", title: "ε", decimals: 1, better: .lower, whole: .largest)
        let declarations = String(decoding: try JSONEncoder().encode([epsilon]), as: UTF8.self)
        try fixture.write(#"{"metrics": \#(declarations)}"#, "config.json")
        _ = try RunReport(RecordedRun(in: fixture.url)).write(path: nil)
        let text = try fixture.text("analysis_report.txt")
        #expect(text.contains("ε               1.5 (the largest; lower is better)"))
        #expect(text.contains("backdoor        25.00 % (lower is better)"))
        #expect(text.contains("left watts      2.0000"))
    }

    @Test func `The accuracy on each class is in the report, as it was evaluated last`() throws {
        let log = """
            [{"round": 1, "server_class_accuracy": [0.1, 0.2]}, {"round": 2, "server_class_accuracy": [0.75, null]},
             {"round": 3, "client_evaluation": {"clients": 2, "samples": 9, "class_accuracy": [0.5, 0.125]}}]
            """
        let fixture = try RunFolderFixture(log: log)
        let partition = PartitionFile(table: [[1, 2]], bytesPerSample: 1, classNames: ["cat", "dog"])
        try fixture.write(String(decoding: partition.contents, as: UTF8.self), PartitionFile.name)
        _ = try RunReport(RecordedRun(in: fixture.url)).write(path: nil)
        let text = try fixture.text("analysis_report.txt")
        #expect(
            text.contains(
                """
                2 classes: on the test set after round 2, on what clients held out after round 3
                class  test set  clients
                cat     75.00 %  50.00 %
                dog           -  12.50 %
                """))
    }

    /// By hand: client 0 has sent 10 + 30 bytes, client 4 20, client 7 25.
    @Test func `The bytes of the clients are in the report, where they differ`() throws {
        let log = """
            [{"round": 1, "client_bytes": {"clients": [0, 4], "upload": [10, 20], "download": [9, 9]}},
             {"round": 2, "client_bytes": {"clients": [0, 7], "upload": [30, 25], "download": [5, 9]}}]
            """
        let fixture = try RunFolderFixture(log: log)
        _ = try RunReport(RecordedRun(in: fixture.url)).write(path: nil)
        let text = try fixture.text("analysis_report.txt")
        #expect(
            text.contains(
                """
                bytes of all rounds  least  median  most  client of the most
                up                      20      25    40                   0
                down                     9       9    14                   0
                """))
    }

    @Test func `A run that diverged is reported with what it had`() throws {
        let log = """
            [{"round": 1, "cohort": 2, "train_loss": "inf", "server_loss": "nan", "server_accuracy": 0.1},
             {"round": 2, "cohort": 2, "train_loss": "nan", "server_loss": "nan", "server_accuracy": 0.1}]
            """
        let fixture = try RunFolderFixture(log: log)
        #expect(try RunReport(RecordedRun(in: fixture.url)).write().allSatisfy { $0.contains("gnuplot-nox") })
        let text = try fixture.text("analysis_report.txt")
        #expect(text.contains("rounds          2, not finished") && !text.contains("cannot be read"))
        #expect(text.contains("10.00 %"))
    }

    @Test func `A fault of a later version is told under its name`() throws {
        let fixture = try fixture(rounds: 2)
        try fixture.write(#"[{"round": 2, "kind": "key_share_missing", "clients": [4]}, {"kind": 7}]"#, "faults.json")
        _ = try RunReport(RecordedRun(in: fixture.url)).write(path: nil)
        #expect(try fixture.text("analysis_report.txt").contains("2      key share missing  -     4        -"))
    }

    @Test func `A folder that is no run's is refused in one line`() throws {
        let empty = try RunFolderFixture(log: nil)
        let foreign = try RunFolderFixture(log: "{\"a\": 1}")
        #expect(throws: ConfigurationError.self) { try RecordedRun("nowhere", results: "/nonexistent") }
        for fixture in [empty, foreign] {
            let error = #expect(throws: ConfigurationError.self) { try RecordedRun(in: fixture.url) }
            #expect(error?.description.contains("is not a run's folder") == true)
            #expect(error?.description.contains("\n") == false)
        }
    }

    @Test func `A name with signs of HTML or gnuplot breaks neither`() throws {
        let fixture = try RunFolderFixture(log: "[" + Logs.round(1, accuracy: 0.5) + "]", name: "a<b> \"`c\\_{d}")
        let report = RunReport(try RecordedRun(in: fixture.url))
        #expect(report.pictures.contains { $0.script.contains("'a<b> \"`c\\_{d}: loss by round'") })
        _ = try report.write(path: nil)
        #expect(try fixture.text("report.html").contains("<h1>Run a&lt;b&gt; &quot;`c"))
    }

    @Test func `Of very many rounds a table shows as many as somebody reads, the first and the last among them`() {
        let shown = Thinned(100_000, to: 1_000)
        #expect(!shown.isWhole && shown.indices.count == 1_000)
        #expect(shown.indices.first == 0 && shown.indices.last == 99_999)
        #expect(zip(shown.indices, shown.indices.dropFirst()).allSatisfy { $1 - $0 == 100 || $1 - $0 == 101 })
        let all = Thinned(3, to: 1_000)
        #expect(all.isWhole && all.indices == [0, 1, 2])
    }

    @Test func `Of seven evaluations nothing is said of a fall-off, and no picture marks one`() throws {
        let fixture = try fixture(rounds: 7)
        let report = RunReport(try RecordedRun(in: fixture.url))
        _ = try report.write(path: nil)
        #expect(try fixture.text("analysis_report.txt").contains("Fewer than 8 rounds were evaluated"))
        #expect(!report.pictures.contains { $0.script.contains("falls off") })
        let longer = try self.fixture(rounds: 8)
        let enough = RunReport(try RecordedRun(in: longer.url))
        #expect(enough.pictures.contains { $0.script.contains("falls off after round 3") })
        #expect(FileManager.default.fileExists(atPath: longer.url.path))
    }

    @Test func `How many took part is said in words`() throws {
        let log = [2, 1].enumerated().map { Logs.round($0 + 1, accuracy: 0.5, participants: $1, late: 2 - $1) }
        let fixture = try RunFolderFixture(log: "[\(log.joined(separator: ","))]")
        _ = try RunReport(RecordedRun(in: fixture.url)).write(path: nil)
        #expect(
            try fixture.text("analysis_report.txt")
                .contains("clients a round  1.5 of 2.0 asked on average; fewest 1, in round 2"))
    }

    @Test func `Where no update was lost a line says so, and there is no picture of equal bars`() throws {
        let log = (1...3).map { Logs.round($0, accuracy: 0.5) }.joined(separator: ",")
        let fixture = try RunFolderFixture(log: "[\(log)]")
        let report = RunReport(try RecordedRun(in: fixture.url))
        #expect(!report.pictures.contains { $0.name == "client_participation" })
        _ = try report.write(path: nil)
        #expect(
            try fixture.text("analysis_report.txt")
                .contains("clients a round  all 2 that were asked, in every round"))
    }

    @Test func `The first section says which run it is, and how to train it again`() throws {
        let fixture = try fixture(rounds: 2)
        try fixture.write(
            """
            {"fedmpi": "9.9", "ranks": 3, "hosts": ["a", "b"], "test_samples": 10000, "settings": {"model": "logistic",
            "dataset": "synthetic", "strategy": "fedavg", "strategy-options": "", "clients": 2, "client-fraction": 1,
            "partition": "dirichlet", "alpha": 0.5, "seed": 7}}
            """, "config.json")
        _ = try RunReport(RecordedRun(in: fixture.url)).write(path: nil)
        let text = try fixture.text("analysis_report.txt")
        // The session's epoch is 1 s after 1970 began.
        #expect(
            text.contains(
                """
                model     logistic
                data      synthetic, 600 training samples, 10,000 test samples, partition
                          dirichlet α 0.5
                strategy  fedavg
                clients   2
                ranks     3 on node0, node1, node2
                started   1970-01-01 00:00:01 UTC
                seed      7
                version   fedmpi 9.9
                """))
        let command = text.replacing(" \\\n    ", with: " ")
        #expect(command.contains("\n$ mpirun -np 3 fedmpi --config ") && command.contains("--run-name 'a run-again'\n"))
        // 80 % of 10,000: Wilson's interval by hand, (0.8 + z²/20000 ± z √(0.16/10000 + z²/(4·10⁸))) / (1 + z²/10000).
        #expect(
            text.contains(
                """
                final accuracy  80.00 % (95 % interval 79.20 to 80.77 %, 10,000 test samples),
                                loss 0.5000
                """))
        #expect(text.split(separator: "\n").allSatisfy { $0.count <= 80 || $0.contains(fixture.url.path) })
        let page = try fixture.text("report.html")
        #expect(page.contains("<a href=\"#s1\">Outcome</a>") && page.contains("<section id=\"s1\">\n<h2>Outcome</h2>"))
        for file in ["trace.json", "efficiency.csv", "round_log.json", "partition.csv", "config.json"] {
            #expect(page.contains("<a href=\"./\(file)\">\(file)</a>"), "\(file)")
        }
        #expect(!page.contains("model.safetensors"), "there is none")
    }

    @Test func `A rank without a processor is told from a slow one, and the machine's other work is named`() throws {
        var sessions = Logs.twoRounds
        // Rank 1 works 120 µs and had a processor for 90, rank 2 160 µs and for 130; the machine has two.
        for (rank, own) in [(0, 20), (1, 90), (2, 130)] {
            sessions[rank].header.host = "node"
            sessions[rank].header.processor = ProcessorUse(
                wall: 210, own: own, busy: 380, stolen: 21, machine: 420)
        }
        let fixture = try fixture(rounds: 2, sessions: sessions)
        _ = try RunReport(RecordedRun(in: fixture.url)).write(path: nil)
        let text = try fixture.text("analysis_report.txt").split(whereSeparator: \.isWhitespace).joined(separator: " ")
        // (380 − 240) / 420, 21 / 420.
        #expect(
            text.contains("On node, 33.3 % of the processors' time went to other programs and 5.0 % to other virtual"))
        #expect(
            text.contains(
                "busy processors were shared: rank 1 had one for less than four fifths of the time in which it worked"))
        #expect(text.contains("1 node 0.000 0.000 0.000 0.75"))
    }

    @Test func `Clients are listed one by one, with what the run tells of each`() throws {
        let fixture = try fixture(rounds: 2)
        try fixture.write(
            #"{"round": 2, "clients": [{"client": 0, "samples": 8, "global_accuracy": 0.5}, {"client": 1, "samples": 8, "global_accuracy": 0.75}]}"#,
            "client_accuracy.json")
        _ = try RunReport(RecordedRun(in: fixture.url)).write(path: nil)
        #expect(
            try fixture.text("analysis_report.txt").contains(
                """
                2 clients
                client  samples  global model  turns  training s
                     0      300       50.00 %      2       0.000
                     1      300       75.00 %      2       0.000
                """))
    }
}
