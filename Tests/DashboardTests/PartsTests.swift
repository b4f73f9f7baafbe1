import FedCore
import Foundation
import RunStore
import Testing

@testable import Dashboard

@Suite struct PartsTests {
    @Test("what comes from elsewhere cannot become markup")
    func escaping() {
        let name = "<script>alert(\"1\")</script> & 'x' \u{0}"
        let html: HTML = "<b title=\"\(name)\">\(name)</b>"
        let text = "&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; &#39;x&#39; \u{FFFD}"
        #expect(html.text == "<b title=\"\(text)\">\(text)</b>")
    }

    /// Keys as `fedmpi serve` writes them.
    @Test("what a service has left is found, the newest first, with or without a tier")
    func services() throws {
        let results = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        defer { try? FileManager.default.removeItem(at: results) }
        for (name, tier, date) in [("old", "\"tier\":\"LOW\",", 1.0), ("new", "", 2.0)] {
            let folder = results.appendingPathComponent(name)
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            let device =
                "{\"device\":{\"name\":\"camera\"},\(tier)\"figures\":\"simulated\",\"model\":\"small int8\",\"p50_ms\":0.5,"
                + "\"answered_accuracy\":0.75,\"answered\":3,\"refused_requests\":1,\"switches\":[{}]}"
            let file = folder.appendingPathComponent("fleet.json")
            try Data("{\"devices\":[\(device)],\"test_images\":\"10\"}".utf8).write(to: file)
            try FileManager.default.setAttributes(
                [.modificationDate: Date(timeIntervalSince1970: date)], ofItemAtPath: file.path)
        }
        let found = ServedFleet.newest(in: results, count: 2)
        #expect(found.map(\.name) == ["new", "old"])
        let device = try #require(found.last?.devices.first)
        #expect(device.tier == "LOW" && device.p50Ms == 0.5 && device.answeredAccuracy == 0.75)
        #expect(device.refusedRequests == 1 && device.switches.count == 1 && found[0].devices[0].tier == nil)
    }

    @Test("what varies is a setting a line, its values between commas")
    func variation() throws {
        let grid = try StartPage.grid("strategy: fedavg, fedprox\r\n\n  alpha:0.1,1 \nmodel: a:b\n")
        #expect(
            grid == [
                "strategy": [.text("fedavg"), .text("fedprox")], "alpha": [.text("0.1"), .text("1")],
                "model": [.text("a:b")],
            ])
        #expect(try StartPage.grid(" \n\n").isEmpty)
        for wrong in ["strategy", "strategy:", ": 1, 2", "strategy: ,", "a: 1\na: 2"] {
            #expect(throws: ConfigurationError.self) { try StartPage.grid(wrong) }
        }
    }

    /// Values of `scipy.stats.ttest_ind(a, b, equal_var=False).pvalue`, SciPy 1.17.1.
    @Test(
        "Welch's test gives SciPy's probabilities",
        arguments: [
            ([0.81, 0.82, 0.80], [0.84, 0.85, 0.86], 0.008049893100837634),
            ([0.5, 0.9], [0.6, 0.7], 0.8450283873936708),
            ([1, 2, 3, 4, 5], [1.1, 2.2, 2.9, 4.5, 4.9, 6.0], 0.5753333485926501),
        ])
    func welch(_ left: [Double], _ right: [Double], _ probability: Double) throws {
        let test = try #require(WelchTest(left, right))
        #expect(abs(test.probability - probability) < 1e-9)
    }

    @Test("Welch's test needs two values each, and scatter")
    func welchNeeds() {
        #expect(WelchTest([1], [1, 2]) == nil)
        #expect(WelchTest([1, 1], [2, 2]) == nil)
    }

    @Test("a link lets one browser in, once; a session ends")
    func sessions() throws {
        let sessions = Sessions()
        let start = Date(timeIntervalSince1970: 1_800_000_000)
        let code = sessions.link(for: Caller(name: "a", role: .run), at: start)
        #expect(sessions.use(link: code, at: start)?.name == "a")
        #expect(sessions.use(link: code, at: start) == nil)
        let old = sessions.link(for: Caller(name: "a", role: .run), at: start)
        #expect(sessions.use(link: old, at: start + Sessions.duration) == nil)
        let cookie = sessions.begin(Caller(name: "a", role: .run), at: start)
        #expect(sessions.caller(with: cookie, at: start)?.isByCookie == true)
        #expect(sessions.caller(with: cookie, at: start + Sessions.duration) == nil)
        sessions.end(cookie)
        #expect(sessions.caller(with: cookie, at: start) == nil)
    }

    @Test("a bucket lets a burst pass, then its rate, each address by itself")
    func rate() throws {
        let limit = RateLimit(rate: 2, burst: 3)
        let start = Date(timeIntervalSince1970: 0)
        for _ in 0..<3 { #expect(limit.wait(for: "a", at: start) == nil) }
        #expect(limit.wait(for: "a", at: start) == 0.5)
        #expect(limit.wait(for: "b", at: start) == nil)
        #expect(limit.wait(for: "a", at: start + 0.5) == nil)
        #expect(limit.wait(for: "a", at: start + 0.5) != nil)
    }

    @Test("an event's place is read as it is written, and nothing else is one")
    func places() throws {
        let place = try #require(EventPlace("12.3"))
        #expect(place.round == 12 && place.fault == 3 && place.description == "12.3")
        for text in ["", "12", "12.", ".3", "-1.0", "1.2.3", "a.b", "99999999999999999999.0"] {
            #expect(EventPlace(text) == nil)
        }
    }

    @Test("a run's command has what is not the default, in the words of a shell")
    func command() {
        let text = RunCommand.text(
            ranks: 4,
            [
                "rounds": "7", "strategy": "fedprox", "strategy-options": "{\"mu\":\"0.1\"}", "dataset": "my data",
                "seed": "42",
            ])
        #expect(text.hasPrefix("mpirun -np 4 fedmpi train"))
        #expect(text.contains(" --rounds 7") && text.contains(" --strategy fedprox --strategy-options mu=0.1"))
        #expect(text.contains(" --dataset 'my data'"))
    }
}

@Suite struct TokensTests {
    /// Writes a file of tokens that only its owner can read.
    private func file(_ text: String, mode: mode_t = 0o600) throws -> String {
        let path = NSTemporaryDirectory() + "/tokens-\(UUID().uuidString)"
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        chmod(path, mode)
        return path
    }

    @Test("a token opens with the role of its line, until its day")
    func roles() throws {
        // `printf %s hello | sha256sum`
        let digest = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
        let path = try file("# people\nanna run \(digest) 2027-01-01\n")
        defer { unlink(path) }
        let tokens = try Tokens(file: path)
        // 2026-12-31 23:59:59 and one second later.
        let last = Date(timeIntervalSince1970: 1_798_761_599)
        #expect(tokens.caller(with: "hello", at: last) == Caller(name: "anna", role: .run))
        #expect(tokens.caller(with: "hello", at: last + 1) == nil)
        #expect(tokens.caller(with: "Hello", at: last) == nil)
    }

    @Test(
        "a file that others can read, and lines that are none, are refused with their place",
        arguments: [
            ("anna run abc\n", "line 1"), ("\nanna owner \(String(repeating: "0", count: 64))\n", "line 2"),
            ("# nobody\n", "no token"),
        ])
    func refused(_ text: String, _ words: String) throws {
        let path = try file(text)
        defer { unlink(path) }
        let error = #expect(throws: ConfigurationError.self) { try Tokens(file: path) }
        #expect(error?.description.contains(words) == true)
    }

    @Test("a file that others can read is refused")
    func open() throws {
        let path = try file("anna run \(String(repeating: "0", count: 64))\n", mode: 0o644)
        defer { unlink(path) }
        let error = #expect(throws: ConfigurationError.self) { try Tokens(file: path) }
        #expect(error?.description.contains("chmod 600") == true)
    }
}
