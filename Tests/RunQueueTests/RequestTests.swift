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
        #expect(throws: ConfigurationError("x is not a single value")) {
            try SettingsFile.contents(["x": .list([.list([])])])
        }
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
