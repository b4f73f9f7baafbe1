import ArgumentParser
import FedCore
import Recording
import Testing

@testable import fedmpi

@Suite struct ResumeOptionsTests {
    @Test(arguments: [
        [], ["--seed", "3", "--alpha=2"], ["--resume", "x"],
        ["train", "--resume=x", "--rounds=9", "--from", "previous"],
        ["--resume", "x", "--results", "r", "--json", "--quiet", "--checkpoint-every", "5"],
    ])
    func `Options that leave the result alone may stand beside --resume`(arguments: [String]) throws {
        try ResumeOptions.check(arguments)
    }

    @Test(arguments: [
        "seed", "threads", "alpha", "clients", "lr", "model", "dataset", "eval-every", "run-name", "strategy",
    ])
    func `Options that come from the checkpoint may not`(name: String) {
        let error = #expect(throws: ConfigurationError.self) {
            try ResumeOptions.check(["--resume", "x", "--\(name)=1"])
        }
        #expect(error?.description.contains("--\(name) cannot be given with --resume") == true)
    }

    @Test func `--from needs --resume, and one of two words`() throws {
        #expect(throws: ConfigurationError.self) { try ResumeOptions.check(["--from", "previous"]) }
        let train = try #require(try FedMPI.parseAsRoot(["--resume", "x", "--from", "previous"]) as? Train)
        #expect(train.resumption.from == .previous)
        #expect(throws: (any Error).self) { try FedMPI.parseAsRoot(["--resume", "x", "--from", "yesterday"]) }
    }

    @Test func `Checkpoints are not made at a negative rate`() {
        #expect(throws: (any Error).self) { try FedMPI.parseAsRoot(["--checkpoint-every=-1"]) }
    }
}
