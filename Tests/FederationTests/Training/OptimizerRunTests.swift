import FedCore
import NeuralNet
import Strategies
import Testing

@testable import Federation
@testable import Records

/// Whole runs with each of the local optimizers.
@Suite struct OptimizerRunTests {
    private static func settings(
        _ optimizer: String, _ change: (inout RunSettings) -> Void = { _ in }
    ) -> RunSettings {
        SessionTests.settings {
            $0.optimizer = optimizer
            $0.lr = 0.002
            $0.rounds = 2
            change(&$0)
        }
    }

    @Test(arguments: ["adam", "adamw"])
    func `A run has the same bits at any number of ranks`(optimizer: String) throws {
        let settings = Self.settings(optimizer) { $0.weightDecay = 0.1 }
        let alone = try SessionTests.run(settings, ranks: 1).digest
        #expect(try alone != nil && SessionTests.run(settings, ranks: 2).digest == alone)
        #expect(try SessionTests.run(settings, ranks: 4).digest == alone)
    }

    @Test(.enabled(if: OneDNNLibrary.multipliesBrainFloats))
    func `Brain floats train otherwise, and with the same bits at any number of ranks`() throws {
        let settings = Self.settings("sgd") { $0.precision = .brainFloat }
        let alone = try SessionTests.run(settings, ranks: 1).digest
        #expect(try alone != nil && SessionTests.run(settings, ranks: 2).digest == alone)
        #expect(try SessionTests.run(settings, ranks: 4).digest == alone)
        #expect(try SessionTests.run(Self.settings("sgd"), ranks: 1).digest != alone)
    }

    @Test func `Adam has no use for a momentum, and its options count`() throws {
        let plain = try SessionTests.run(Self.settings("adam"), ranks: 1).digest
        #expect(try SessionTests.run(Self.settings("adam") { $0.momentum = 0 }, ranks: 1).digest == plain)
        for options in [["beta1": "0.5"], ["beta2": "0.9"], ["epsilon": "0.1"]] as [NamedOptions] {
            let changed = Self.settings("adam") { $0.optimizerOptions = options }
            #expect(try SessionTests.run(changed, ranks: 1).digest != plain)
        }
        #expect(try SessionTests.run(Self.settings("adamw"), ranks: 1).digest == plain)
        #expect(try SessionTests.run(Self.settings("sgd"), ranks: 1).digest != plain)
    }

    /// The strategies whose client half takes an update for a multiple of gradients.
    @Test(arguments: Strategies.all.map { $0.name })
    func `A strategy whose mathematics is SGD's refuses another optimizer`(strategy: String) throws {
        var settings = StrategyRunTests.settings(strategy)
        settings.optimizer = "adam"
        if ["fedsgd", "scaffold", "fednova", "qfedavg", "mimelite"].contains(strategy) {
            let error = #expect(throws: ConfigurationError.self) { try Job(settings) }
            let line = error?.description ?? ""
            #expect(line.hasPrefix("strategy '\(strategy)' ") && line.hasSuffix("--optimizer adam is not for it"))
        } else {
            _ = try Job(settings)
        }
    }

    @Test func `Smoothed labels train otherwise, at any number of ranks alike, and not beside a teacher`() throws {
        let plain = try SessionTests.run(Self.settings("sgd"), ranks: 1).digest
        let unsmoothed = Self.settings("sgd") { $0.lossOptions = ["label-smoothing": "0"] }
        #expect(try SessionTests.run(unsmoothed, ranks: 1).digest == plain)
        var smoothed = Self.settings("sgd") { $0.lossOptions = ["label-smoothing": "0.1"] }
        let alone = try SessionTests.run(smoothed, ranks: 1).digest
        #expect(alone != plain)
        #expect(try SessionTests.run(smoothed, ranks: 3).digest == alone)
        smoothed.teacher = "teacher.safetensors"
        #expect(throws: ConfigurationError.self) { try Job.loss(smoothed, .classes(10)) }
    }

    @Test func `An unknown optimizer lists the known ones`() {
        #expect(throws: ConfigurationError(unknown: "optimizer", "lion", choices: ["sgd", "adam", "adamw"])) {
            try Job(Self.settings("lion"))
        }
    }
}
