import FedCore
import Foundation
import RunStore
import Testing

@testable import RunQueue

struct RequestTests {
    private func request(_ json: String) throws -> RunRequest { try RunRequest(json: Data(json.utf8), by: "anna") }

    @Test func aRequestIsReadAsJSON() throws {
        let read = try request(
            """
            {"settings": {"seed": 18446744073709551615, "alpha": 0.1, "quiet": true, "lr": null, "inject": ["a", "b"],
             "strategy-options": {"mu": 0.5}}, "ranks": 5, "name": "mine", "note": "hello", "launcher": "sbatch"}
            """)
        #expect(
            read.settings == [
                "seed": .number("18446744073709551615"), "alpha": .number("0.1"), "quiet": .flag(true),
                "inject": .list([.text("a"), .text("b")]), "strategy-options": .mapping(["mu": .number("0.5")]),
            ])
        #expect(read.ranks == 5 && read.name == "mine" && read.note == "hello" && read.launcher == .sbatch)
    }

    @Test(arguments: [
        ("[]", "the request cannot be read: it is no object"),
        ("{", "the request cannot be read: it is not JSON"),
        (#"{"ranks": "many"}"#, "the request cannot be read: 'ranks' is of another kind"),
        (#"{"launcher": "ssh"}"#, "the request cannot be read: 'launcher' has a value that is not known"),
        (
            #"{"rank": 3}"#,
            "unknown field 'rank'; did you mean 'ranks'?"
        ),
    ])
    func whatIsNoRequestIsRefused(_ json: String, _ line: String) {
        #expect(throws: ConfigurationError(line)) { try request(json) }
    }

    @Test func valuesOutliveTheStore() throws {
        let values: [String: RequestedValue] = [
            "a": .text("x"), "b": .number("18446744073709551615"), "c": .flag(false), "d": .list([.number("-3")]),
            "e": .mapping(["f": .number("0.25")]),
        ]
        let read = try JSONDecoder().decode([String: RequestedValue].self, from: JSONEncoder().encode(values))
        #expect(read == values)
    }

    @Test func settingsBecomeTextsInAFile() throws {
        let data = try SettingsFile.contents([
            "alpha": .number("0.1"), "no-report": true, "widths": .text("1,0.5"),
            "inject": .list([.text("nan:rank=1")]),
            "strategy-options": .mapping(["mu": 0.5]),
        ])
        let object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        #expect(object["alpha"] as? String == "0.1")
        #expect(object["no-report"] as? String == "true")
        #expect(object["inject"] as? [String] == ["nan:rank=1"])
        #expect(object["strategy-options"] as? [String: String] == ["mu": "0.5"])
    }

    @Test func aSweepIsReadAsItsFile() throws {
        let json = """
            {"base": {"rounds": 3, "lr": null}, "grid": {"alpha": [0.1, 1], "seed": [1, 2]}, "cases": [{"name": "tuned", "strategy": "fedprox"}],
             "ranks_per_run": 2, "target": 0.8, "ranks": 4, "name": "s"}
            """
        let read = try RunRequest(sweepJSON: Data(json.utf8), by: "anna")
        #expect(read.command == .sweep && read.ranks == 4 && read.name == "s")
        let object = try #require(
            try JSONSerialization.jsonObject(with: try SettingsFile.contents(read.settings)) as? [String: Any])
        #expect(object["base"] as? [String: String] == ["rounds": "3"])
        #expect(object["grid"] as? [String: [String]] == ["alpha": ["0.1", "1"], "seed": ["1", "2"]])
        #expect(object["cases"] as? [[String: String]] == [["name": "tuned", "strategy": "fedprox"]])
        #expect(object["ranks-per-run"] as? String == "2" && object["target"] as? String == "0.8")
    }

    @Test(arguments: [
        (#"{"settings": {}}"#, "unknown field 'settings'"),
        (#"{"grid": {"alpha": 1}}"#, "the request cannot be read: 'grid.alpha' is of another kind"),
        (#"{"cases": {}}"#, "the request cannot be read: 'cases' is of another kind"),
    ])
    func whatIsNoSweepIsRefused(_ json: String, _ line: String) throws {
        let error = #expect(throws: ConfigurationError.self) {
            try RunRequest(sweepJSON: Data(json.utf8), by: "anna")
        }
        #expect(error?.description.hasPrefix(line) == true)
    }

    @Test func aSweepIsNotAskedForAsARun() {
        #expect(throws: ConfigurationError("a sweep is asked for with a grid, as POST /v1/sweeps takes it")) {
            try request(#"{"command": "sweep"}"#)
        }
    }

    @Test func coresAreThoseOfTheMostThreadsInASweep() {
        let sweep = RunRequest(sweeping: ["threads": [1, 3]], base: ["threads": 2], ranks: 2, by: "anna")
        #expect(sweep.threads == 3)
        #expect(RunRequest(settings: ["threads": 2], ranks: 2, by: "anna").threads == 2)
        #expect(RunRequest(settings: [:], ranks: 2, by: "anna").threads == 1)
    }

    @Test func settingsAreRefusedInFedmpisWordsWithoutOurFile() async throws {
        let programs = try FakePrograms()
        let queue = try programs.queue()
        await #expect(throws: ConfigurationError("--alpha is 0; it must be greater than 0")) {
            try await queue.submit(RunRequest(settings: ["alpha": 0], ranks: 2, by: "anna"))
        }
        #expect(try queue.store.queuedRuns().isEmpty)
    }

    @Test(arguments: ["../x", "", "a/b", "queue", "registered-models", "runs.sqlite"])
    func namesThatAreNoRunsAreRefused(_ name: String) async throws {
        let programs = try FakePrograms()
        let queue = try programs.queue()
        defer { withExtendedLifetime(programs) {} }
        await #expect(throws: ConfigurationError.self) { try await queue.submit(FakePrograms.request(name)) }
    }

    @Test func whatARunSaysIsItsLastError() {
        #expect(QueueLog.reason(text: "round 1\nfedmpi: one\nfedmpi: two\n| table\n") == "two")
        #expect(QueueLog.reason(text: "rank 3: the disk is full\nmore\n") == "rank 3: the disk is full")
        #expect(QueueLog.reason(text: "Segmentation fault\n\n") == "Segmentation fault")
        #expect(QueueLog.reason(text: "fedmpi: \u{1b}[31mred\n") == "\\u{1b}[31mred")
        #expect(QueueLog.reason(text: "\n") == nil)
        #expect(QueueLog.reason(text: "fedmpi: why\nmpirun: Forwarding signal 18 to job\n") == "why")
    }
}
