import ArgumentParser
import FedCore
import Foundation
import Recording
import Testing

@testable import fedmpi

@Suite struct ResumeOptionsTests {
    /// The one line that says what is wrong.
    private func complaint(_ arguments: [String]) throws -> String {
        let error = #expect(throws: (any Error).self) { try FedMPI.parseAsRoot(arguments) }
        return Help.line(for: try #require(error), arguments)
    }

    @Test(arguments: [
        [], ["--seed", "3", "--alpha=2"], ["--resume", "x"],
        ["train", "--resume=x", "--rounds=9", "--from", "previous", "--teacher", "elsewhere"],
        ["--resume", "x", "--results", "r", "--json", "--quiet", "--checkpoint-every", "5", "--timing", "off"],
        ["--resume", "x", "--no-report", "--tensorboard", "--keep-best", "--no-history"],
        ["--resume", "x", "--metrics-port", "0", "--otlp", "http://a:1", "--otlp-encoding", "json"],
    ])
    func `Settings that leave the result alone may stand beside --resume`(arguments: [String]) throws {
        #expect(throws: Never.self) { try FedMPI.parseAsRoot(arguments) }
    }

    /// Whatever is new and does not say that it may.
    private static let bound = TrainingScope.settings.map(\.name).filter {
        ![
            "rounds", "teacher", "results", "checkpoint-every", "timing", "no-report", "tensorboard", "keep-best",
            "no-history", "json", "quiet", "metrics-port", "otlp", "otlp-encoding",
        ].contains($0)
    }

    /// All at once: a command line takes half a second in a debug build.
    @Test func `All that come from the checkpoint may not`() throws {
        let values = [
            "on-failure": "drop", "precision": "bf16", "late-policy": "drop", "target-accuracy": "0.5", "momentum": "0",
            "client-test": "0", "inject": "x", "run-name": "y", "topology": "node", "error-feedback": "true",
            "error-feedback-momentum": "0.5", "privacy": "central", "clipping": "adaptive",
            "ftrl-factor": "banded", "noise-source": "simulated", "sampling": "shuffle", "delta": "0.01",
            "assumed-dropout": "0.5", "assumed-corrupt": "0.5", "secure-bits": "16",
            "assumed-server": "semi-malicious",
        ]
        let options = try Self.bound.map { name in
            let setting = try #require(TrainingScope.settings.first { $0.name == name })
            let value = setting.kind == .options ? "a=1" : values[name] ?? "1"
            return setting.kind == .flag ? "--\(name)" : "--\(name)=\(value)"
        }
        let parts = try complaint(["--resume", "x"] + options).split(separator: " cannot be given with --resume: ")
        let refused = parts[0].split(separator: ", ").map { String($0.dropFirst(2)) }
        #expect(refused.count > 90 && refused.sorted() == Self.bound.sorted())
        #expect(parts.last?.contains("only --checkpoint-every, --from, --json") == true)
    }

    @Test func `Neither may settings of a file`() throws {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).yaml")
        try Data("rounds: 9\nseed: 3\n".utf8).write(to: file)
        #expect(
            try complaint(["--resume", "x", "--config", file.path]).contains("--seed cannot be given with --resume"))
    }

    @Test func `--from needs --resume, and one of two words`() throws {
        #expect(try complaint(["--from", "previous"]) == "--from needs --resume")
        let train = try #require(try FedMPI.parseAsRoot(["--resume", "x", "--from", "previous"]) as? Train)
        #expect(train.resumption.from == .previous)
        #expect(throws: (any Error).self) { try FedMPI.parseAsRoot(["--resume", "x", "--from", "yesterday"]) }
    }

    @Test func `Checkpoints are not made at a negative rate`() {
        #expect(throws: (any Error).self) { try FedMPI.parseAsRoot(["--checkpoint-every=-1"]) }
    }
}
