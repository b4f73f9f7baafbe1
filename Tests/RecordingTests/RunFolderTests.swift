import Cryptography
import FedCore
import Foundation
import Recording
import Testing

@Suite struct RunFolderTests {
    private let results = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
    private let environment = RunEnvironment(mpi: "MPI", oneDNN: "2.6.3")

    @Test func `A named run gets its folder once`() throws {
        let folder = try RunFolder(
            results: results, name: "one", environment: environment, troubles: OutputTroubles { _ in })
        #expect(folder.url.path == results + "/one")
        #expect(throws: ConfigurationError.self) {
            try RunFolder(results: results, name: "one", environment: environment, troubles: OutputTroubles { _ in })
        }
    }

    @Test func `Runs of the same second get folders of their own`() throws {
        let names = try (0..<3).map { _ in
            try RunFolder(results: results, name: nil, environment: environment, troubles: OutputTroubles { _ in }).name
        }
        #expect(Set(names).count == 3)
    }

    @Test(arguments: ["", "a/b", "..", "."])
    func `A run's name is a folder name`(name: String) {
        #expect(throws: ConfigurationError.self) {
            try RunFolder(results: results, name: name, environment: environment, troubles: OutputTroubles { _ in })
        }
    }

    @Test func `A results folder that cannot be made is the user's error`() {
        #expect(throws: ConfigurationError.self) {
            try RunFolder(
                results: "/proc/nothing", name: nil, environment: environment, troubles: OutputTroubles { _ in })
        }
    }
}

@Suite struct WeightsDigestTests {
    @Test func `The digest is SHA-256 of the little-endian floats`() {
        // printf '\x00\x00\x80\x3f\x00\x00\x00\xc0' | sha256sum
        let weights: [Float] = [1, -2]
        #expect(
            weightsDigest(weights.span) == "ee4ac73c2bd27756ab82780f27c73a7bc4d3f0bb6acb37e008bc27eccd7e588b")
        // sha256sum < /dev/null
        let none: [Float] = []
        #expect(
            weightsDigest(none.span) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    }
}
