import ArgumentParser
import Devices
import FedCore
import NeuralNet
import Serving
import Testing

@testable import fedmpi

/// What a class could serve, by hand.
@Suite struct ClassLimitsTests {
    private func limits(_ arguments: String...) throws -> ClassLimitOptions {
        try #require(try FedMPI.parseAsRoot(["fleet"] + arguments) as? FleetCommand).limits
    }

    private func cell(_ model: String, on fleet: String, _ arguments: String...) throws -> ClassLimits.OnClass {
        let command = try #require(try FedMPI.parseAsRoot(["fleet"] + arguments) as? FleetCommand)
        let table = try command.limits.table(try Fleet(fleet))
        return try #require(table.models.first { $0.model == model }?.classes.first)
    }

    // logistic is 784 → 10: 7,850 parameters, and its widest layer reads and writes 784 numbers (flatten).
    private static let bytes = 4 * (7_850 + 2 * 784)

    @Test func `The usual limits are those of serving`() throws {
        let limits = try limits()
        #expect(limits.maxSizeMb == 10 && limits.maxMemoryMb == 256 && limits.maxLatencyMs == 100)
    }

    @Test func `A class's memory is a limit, and whole numbers of eight bits take a quarter`() throws {
        let model = try Models.standard.named("logistic")
        #expect(model.inferenceBytes(batch: 1) == Self.bytes)
        let enough = try cell("logistic", on: "f; a memory-kb=\(Double(Self.bytes) / 1024)")
        #expect(enough.fits && enough.variant == "f32" && enough.reasons.isEmpty)
        let scarce = try cell("logistic", on: "f; a memory-kb=\(Double(Self.bytes) / 1024 - 0.01)")
        #expect(!scarce.fits && scarce.variant == "int8" && scarce.reasons == ["memory 37 KiB"])
        let none = try cell("logistic", on: "f; a memory-kb=\(Double(Self.bytes) / 4096 - 0.01)")
        #expect(none.variant == nil && none.text == "none m")
        let most = try cell("logistic", on: "f; a", "--max-memory-mb", "0.01")
        #expect(most.variant == "int8" && most.reasons == ["memory 37 KiB"])
    }

    @Test func `Size and time are limits, and a narrower model may keep them`() throws {
        // 31.4 KB of weights.
        #expect(try cell("logistic", on: "f; a", "--max-size-mb", "0.03").reasons == ["size 0.0 MB"])
        // 2 · 7,840 operations at 10⁵ a second are 156.8 ms; no width of a model without hidden layers helps.
        let slow = try cell("logistic", on: "f; a gflops=0.0001")
        #expect(slow.reasons == ["157 ms"] && slow.variant == nil && slow.text == "none t")
        #expect(try cell("logistic", on: "f; a gflops=0.0001", "--max-latency-ms", "160").fits)
        // edgecnn-small's hidden layers are narrowed to half, or less, until its time is within the limit.
        let model = try Models.standard.named("edgecnn-small")
        let speed = Double(model.forwardFlops) / 1e9 / 0.2
        let narrow = try cell("edgecnn-small", on: "f; a gflops=\(speed)")
        #expect(!narrow.fits && narrow.variant?.hasSuffix(" f32") == true)
        #expect(try #require(narrow.milliseconds) <= 100)
    }

    @Test(arguments: ["--max-size-mb=0", "--max-memory-mb=-1", "--max-latency-ms=nan", "--widths=2"])
    func `A limit that is none is refused`(option: String) throws {
        #expect(throws: ConfigurationError.self) { try limits(option).table(try Fleet("edge")) }
    }

    @Test func `The tables of a fleet are no wider than eighty characters, and list every class`() throws {
        for name in ["people", "edge"] {
            let text = try limits().table(try Fleet(name)).text
            #expect(text.split(separator: "\n").allSatisfy { $0.count <= 80 }, "\(text)")
            for device in try Fleet(name).classes { #expect(text.contains(" \(device.name)"), "\(device.name)") }
        }
    }

    @Test func `serve and fleet count the memory of a class alike`() throws {
        // logistic at 37 KB fits, and a byte less does not: in both.
        let trained = TrainedModel(
            try Models.standard.named("logistic"),
            weights: [Float](repeating: 0, count: 7_850))
        #expect(Variant(trained).modelBytes == Self.bytes)
    }

    @Test func `Who could be asked is said in words, with all that is asked for`() throws {
        var eligibility = Eligibility()
        #expect(FleetOutput.asked(eligibility) == "connected and charged")
        eligibility.conditions = [.unmetered, .charging]
        #expect(FleetOutput.asked(eligibility) == "connected, charged, powered and unmetered")
    }
}
