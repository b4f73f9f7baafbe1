import ArgumentParser
import Serving
import Testing

@testable import fedmpi

@Suite struct FollowOptionsTests {
    private func options(_ words: String...) throws -> FollowOptions {
        try FollowOptions.parse(words)
    }

    @Test func `Rules are what the flags say`() throws {
        let rules = try options(
            "--follow", "--trial-share", "0.5", "--trial-requests", "100", "--max-slowdown", "1",
            "--max-accuracy-loss", "0.02"
        ).rules(devices: 3)
        #expect(
            rules == TrialRules(share: 0.5, requests: 100, slowdown: 1, accuracyLoss: 0.02, level: 0.01, devices: 3))
        #expect(try options().rules(devices: 1) == TrialRules())
        #expect(try !options().follow)
    }

    @Test(arguments: [
        ("--follow-interval", "0.01"), ("--trial-share", "0"), ("--trial-share", "1"), ("--trial-requests", "99"),
        ("--max-slowdown", "-1"), ("--max-accuracy-loss", "1.5"), ("--max-slowdown", "nan"),
    ])
    func `What is out of its range is refused with the flag's name`(flag: String, value: String) {
        let error = #expect(throws: (any Error).self) { try FollowOptions.parse(["\(flag)=\(value)"]) }
        let message = error.map { FollowOptions.message(for: $0) } ?? ""
        #expect(message.contains("\(flag) is "), "\(message)")
    }
}
