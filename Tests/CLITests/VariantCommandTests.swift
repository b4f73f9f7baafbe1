import ArgumentParser
import Testing

@testable import fedmpi

@Suite struct VariantCommandTests {
    @Test func `A structured cut has no scope, and calibration has an end`() throws {
        let prune = ["prune", "--model", "m", "--output", "o", "--sparsity", "0.5"]
        _ = try FedMPI.parseAsRoot(prune + ["--scope", "layer"])
        _ = try FedMPI.parseAsRoot(prune + ["--structured"])
        #expect(throws: (any Error).self) { try FedMPI.parseAsRoot(prune + ["--structured", "--scope", "layer"]) }
        let quantize = ["quantize", "--model", "m", "--output", "o", "--calibration"]
        _ = try FedMPI.parseAsRoot(quantize + ["10000"])
        #expect(throws: (any Error).self) { try FedMPI.parseAsRoot(quantize + ["10001"]) }
    }
}
