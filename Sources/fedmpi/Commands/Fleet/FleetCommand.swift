import Analysis
import ArgumentParser
import Devices
import FedCore
import Files
import Foundation
import NeuralNet

/// The command `fedmpi fleet`: describes a fleet, lets days pass without training, and shows who could be asked when, how
/// full batteries are, and which models each class has the memory and the speed to train.
///
/// Everything that it prints of devices is simulated. Exit codes: 0; 2 for a fleet or options that do not work.
struct FleetCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fleet",
        abstract: "Simulate the days of a fleet of devices without training: who could be asked, and what fits.")

    @Argument(help: "A fleet of the catalog (people, edge), or a file such as examples/fleet.yaml.")
    var fleet = "people"

    @Option(help: "Number of devices.")
    var devices = 10_000

    @Option(help: "Days from a Monday's midnight.")
    var days = 7

    @Option(help: "Minutes between two samples.")
    var every = 10

    @Option(help: "Seed of the devices and their days.")
    var seed: UInt64 = 42

    @Option(help: "What a device must be to be asked, beside connected: charging, idle, unmetered.")
    var require = ""

    @Option(help: "Charge above which a device is asked, as a share.")
    var minBattery = 0.2

    @Option(help: "Samples of a step for which memory is looked at; devices with less memory take smaller steps.")
    var batchSize = 32

    @Option(help: "A folder for pictures and their data.")
    var output: String?

    @Flag(help: "Print the keys of a fleet file, with their units, their usual values and ranges, and nothing else.")
    var keys = false

    @Flag(help: "Print a JSON object instead of tables.")
    var json = false

    func run() throws {
        guard !keys else { return FleetKeys.print() }
        let fleet = try Fleet(FleetFile.resolved(fleet))
        try check()
        var eligibility = Eligibility()
        eligibility.conditions = try Eligibility.conditions(require)
        eligibility.leastCharge = minBattery
        let state = FleetState(fleet, clients: devices, seed: seed, eligibility: eligibility)
        let passed = FleetDays(state, seconds: Double(days) * 86_400, interval: Double(every) * 60)
        let fits = try ModelFit.all(fleet, batch: batchSize)
        if json {
            try FleetOutput(fleet: fleet, days: passed, fits: fits).printJSON()
        } else {
            FleetOutput(fleet: fleet, days: passed, fits: fits).print(days: days, seed: seed)
        }
        guard let output else { return }
        let folder = URL(fileURLWithPath: output, isDirectory: true)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        switch try Gnuplot.draw([.fleetDays(fleet, passed), .fleetFit(fleet, fits)], in: folder) {
        case .drawn: if !json { Console.output("pictures  \(output)/fleet_days.png, \(output)/fleet_fit.png") }
        case .missing: Console.error(Gnuplot.advice)
        case .failed(let reason): Console.error("no pictures: \(reason)")
        }
    }

    /// Refuses numbers that are out of range.
    private func check() throws(ConfigurationError) {
        let ranges: [(String, Int, ClosedRange<Int>)] = [
            ("--devices", devices, 1...10_000_000), ("--days", days, 1...3_650), ("--every", every, 1...1_440),
            ("--batch-size", batchSize, 1...65_536),
        ]
        for (name, value, range) in ranges where !range.contains(value) {
            throw ConfigurationError(
                "\(name) is \(value); it must be from \(range.lowerBound) to \(Format.grouped(range.upperBound))")
        }
        guard (0...1).contains(minBattery) else {
            throw ConfigurationError("--min-battery is \(minBattery); it must be from 0 to 1")
        }
    }
}

/// What training a model takes on each class of a fleet.
struct ModelFit: Encodable {
    let model: String
    /// KB of 1,024 bytes that training takes at the batch that was asked for.
    let memoryKilobytes: Int
    /// By class.
    let classes: [OnClass]

    struct OnClass: Encodable {
        let device: String
        /// Samples of a step; 0 where nothing fits.
        let batch: Int
        /// Samples that it trains on in a second.
        let samplesPerSecond: Double
        /// Joules of training on 1,000 samples.
        let joulesPerThousand: Double
    }

    /// The models of the catalog, for the data that they are made for.
    static func all(_ fleet: Fleet, batch: Int) throws -> [ModelFit] {
        try Models.standard.names.map { name in
            let model = try Models.standard.named(name)
            let kilobytes = (model.trainingBytes(batch: batch, moments: 1) + 1023) / 1024
            return ModelFit(
                model: name, memoryKilobytes: kilobytes,
                classes: fleet.classes.map { device in
                    let rate = device[.gigaflops] * 1e9 / Double(max(model.trainingFlops, 1))
                    return OnClass(
                        device: device.name,
                        batch: model.largestBatch(upTo: batch, within: device.memoryBytes, moments: 1),
                        samplesPerSecond: rate, joulesPerThousand: 1_000 / rate * device[.trainWatts])
                })
        }
    }
}
