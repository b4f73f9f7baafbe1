import FedCore
import Federation
import Foundation

@testable import Records

/// The settings that rank 0 sends to every rank, which are also a run's `config.json`.
struct SettingsTarget: FuzzTarget {
    let name = "settings"
    let seeds: [[UInt8]]
    let dictionary = [
        "\"", "{", "}", "[", "]", ",", ":", "0", "1", "-1", "1e-400", "1e999", "0.5", "1.5", "9223372036854775807",
        "9223372036854775808", "-9223372036854775808", "18446744073709551615", "null", "true", "NaN", "Infinity",
        "\\u0000", "\\ud800", "rounds", "clients", "client-fraction", "alpha", "batch-size", "seed",
    ]

    init() throws {
        var settings = RunSettings()
        let encoder = JSONEncoder()
        let first = try encoder.encode(settings)
        settings.clients = 1000
        settings.clientFraction = 0.01
        settings.partition = "iid"
        settings.model = "logistic"
        settings.seed = .max
        encoder.outputFormatting = .prettyPrinted
        seeds = [Array(first), Array(try encoder.encode(settings))]
    }

    func decode(_ input: [UInt8], madeFrom seed: Int) throws -> Outcome {
        let settings: RunSettings
        do {
            settings = try JSONDecoder().decode(RunSettings.self, from: Data(input))
            try settings.validate()
        } catch {
            return .refused
        }
        try Violation.require(
            settings.rounds >= 1 && settings.clients >= 1 && settings.batchSize >= 1 && settings.threads >= 1
                && settings.epochs >= 0 && settings.evalEvery >= 1 && settings.samplesPerClient >= 1
                && settings.clientFraction > 0 && settings.clientFraction <= 1 && settings.alpha > 0
                && settings.alpha.isFinite && settings.lr > 0 && settings.lr.isFinite && settings.momentum >= 0
                && settings.momentum < 1 && settings.weightDecay >= 0 && settings.weightDecay.isFinite,
            "settings were accepted that are out of range: \(settings)")
        try Violation.require(
            (1...settings.clients).contains(settings.cohortSize), "a cohort of \(settings.cohortSize): \(settings)")
        let original = try JSONDecoder().decode(RunSettings.self, from: Data(seeds[seed]))
        return settings == original ? .equal : .different
    }
}
