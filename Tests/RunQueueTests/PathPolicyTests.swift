import FedCore
import Foundation
import RunStore
import Testing

@testable import RunQueue

struct PathPolicyTests {
    /// A results folder with a run in it, a link out of it, and a folder that the operator allows.
    private func policy(_ programs: FakePrograms) throws -> PathPolicy {
        let files = FileManager.default
        try files.createDirectory(atPath: "\(programs.results)/run", withIntermediateDirectories: true)
        try files.createSymbolicLink(atPath: "\(programs.results)/out", withDestinationPath: "/etc")
        try files.createDirectory(atPath: programs.folder.path + "/data", withIntermediateDirectories: true)
        var configuration = try programs.configuration()
        configuration.readableFolders = [programs.folder.path + "/data"]
        return PathPolicy(configuration)
    }

    private static let elsewhere: [(String, RequestedValue)] = [
        ("teacher", RequestedValue.text("/etc/passwd")), ("teacher", "RESULTS/../../x"),
        ("teacher", "RESULTS/out/passwd"),
        ("teacher", "RESULTS/missing/../../../etc"), ("init", "onnx:/etc/net.onnx"), ("init", "weights.safetensors"),
        ("model", "/etc/net.yaml"), ("model", "net.yml"), ("model", "onnx:net.onnx"),
        ("model", "external:w.safetensors"),
        ("fleet", "fleet.yaml"), ("fleet", "mine; phone share 3; trace flash /etc/x"), ("dataset", "idx:/etc"),
        ("dataset", "csv:table.csv"), ("dataset-options", "test=/etc"), ("dataset-options", ["test": "other.csv"]),
        ("partition-options", "file=table.csv"), ("partition-options", ["file": "/etc/passwd"]),
        ("strategy-options", "a=/etc/x"), ("noise-key", "RESULTS/run/key"), ("results", "elsewhere"), ("run-name", "x"),
        ("inject", ["/etc/passwd"]),
    ]

    @Test(arguments: elsewhere)
    func whatIsElsewhereIsRefused(_ name: String, _ value: RequestedValue) throws {
        let programs = try FakePrograms()
        let policy = try policy(programs)
        let error = #expect(throws: ConfigurationError.self) {
            try policy.check([name: value.replacing(programs)])
        }
        #expect(error?.description.hasPrefix("--\(name)") == true)
    }

    /// In every place where a sweep's request can name one.
    @Test(arguments: elsewhere)
    func whatIsElsewhereIsRefusedOfASweep(_ name: String, _ value: RequestedValue) throws {
        let programs = try FakePrograms()
        let policy = try policy(programs)
        let value = value.replacing(programs)
        let files: [[String: RequestedValue]] = [
            ["base": .mapping([name: value])], ["grid": .mapping([name: .list(["x", value])])],
            ["cases": .list([[:], .mapping([name: value])])],
        ]
        for file in files {
            var request = RunRequest(settings: file, ranks: 2, by: "anna")
            request.command = .sweep
            #expect(throws: ConfigurationError.self) { try policy.check(request) }
        }
    }

    private static let allowed: [(String, RequestedValue)] = [
        ("teacher", RequestedValue.text("digits@latest")), ("teacher", "RESULTS/run"),
        ("init", "DATA/weights.safetensors"),
        ("model", "cnn"), ("model", "conv 16 3x3, relu, linear"), ("model", "DATA/net.yaml"),
        ("fleet", "DATA/fleet.yaml"),
        ("dataset", "fashion-mnist"), ("dataset", "synthetic:3x32x32"), ("dataset", "idx:DATA"),
        ("dataset-options", "test=DATA/x.csv,seed=3"), ("partition-options", ["file": "DATA/table.csv"]),
        ("noise-key", "DATA/key"), ("alpha", 0.1), ("strategy-options", ["mu": 0.5]),
        ("inject", ["nan:rank=1@round=2"]),
    ]

    @Test(arguments: allowed)
    func whatIsAllowedPasses(_ name: String, _ value: RequestedValue) throws {
        let programs = try FakePrograms()
        let policy = try policy(programs)
        try policy.check([name: value.replacing(programs)])
        try policy.check(
            RunRequest(sweeping: [name: [value.replacing(programs)]], base: [:], ranks: 2, by: "anna"))
    }
}

extension RequestedValue {
    /// With a test's folders in the place of their names.
    fileprivate func replacing(_ programs: FakePrograms) -> RequestedValue {
        switch self {
        case .text(let text):
            .text(
                text.replacing("RESULTS", with: programs.results)
                    .replacing("DATA", with: programs.folder.path + "/data"))
        case .list(let values): .list(values.map { $0.replacing(programs) })
        case .mapping(let values): .mapping(values.mapValues { $0.replacing(programs) })
        case .number, .flag: self
        }
    }
}
