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
/// It is the planner's tool: before a run of hours is started on a fleet, it says whether there will be anybody to ask.
///
/// ```
/// fedmpi fleet people                                   tables
/// fedmpi fleet my.yaml --days 3 --output pictures       and two pictures with their data
/// fedmpi fleet edge --require charging,idle --json      for a program
/// fedmpi fleet --keys                                   what a fleet file can state
/// ```
/// Everything that it prints of devices is simulated. Exit codes: 0; 2 for a fleet or options that do not work.
struct FleetCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fleet",
        abstract: "Simulate days of a fleet of devices, without training.",
        discussion: """
            fedmpi fleet people --require idle,charging
            fedmpi fleet fleet.yaml --output pictures        `fedmpi init` writes the file

            `fedmpi help fleets` shows the fleets of the catalog, `fedmpi help fleet-file` the keys of a class.
            """)

    /// Name or file of the fleet, as `--fleet` of a run has it.
    @Argument(help: "A fleet of the catalog (people, edge), or a file such as examples/fleet.yaml.")
    var fleet = "people"

    /// How many are simulated: with ten thousand the shares of states are good to half a percent.
    @Option(help: "Number of devices. (default: 10000, or those that the file counts)")
    var devices: Int?

    /// How long; days are alike but for chance.
    @Option(help: "Days from a Monday's midnight.")
    var days = 7

    /// How often the fleet is looked at; its states change by the minute in any case.
    @Option(help: "Minutes between two samples.")
    var every = 10

    /// The devices of a run with this seed, and its days from a Monday on.
    @Option(help: "Seed of the devices and their days.")
    var seed: UInt64 = 42

    /// As `--require` of a run.
    @Option(help: "What a device must be to be asked, beside connected: charging, idle, unmetered.")
    var require = ""

    /// As `--min-battery` of a run.
    @Option(help: "Charge above which a device is asked, as a share.")
    var minBattery = 0.2

    /// As `--batch-size` of a run.
    @Option(help: "Samples of a step for which memory is looked at; devices with less memory take smaller steps.")
    var batchSize = 32

    /// Made if it is not there; what is in it under the same names is replaced.
    @Option(help: "A folder for pictures and their data.")
    var output: String?

    /// What a device may be asked for that serves a model.
    @OptionGroup var limits: ClassLimitOptions

    @Flag(help: "Print the keys of a fleet file, with their units, their usual values and ranges, and nothing else.")
    var keys = false

    @Flag(help: "Print a JSON object instead of tables.")
    var json = false

    /// Simulates, prints and draws.
    /// - Throws: `ConfigurationError` for a fleet or options that do not work; `FileError` when pictures cannot be written.
    /// - Complexity: O(devices · samples): 100,000 devices for a week by the minute take half a minute and 80 MB.
    func run() throws {
        guard !keys else { return FleetKeys.print() }
        try check()
        let measured = MeasuredSpeed()
        let fleet =
            DescriptionFile.isNamed(fleet) ? try FleetFile.read(fleet) { measured.gigaflops() } : try Fleet(fleet)
        let devices = devices ?? (fleet.isCounted ? fleet.countedDevices : max(10_000, fleet.countedDevices))
        try fleet.check(clients: devices, option: "--devices")
        var eligibility = Eligibility()
        eligibility.conditions = try Eligibility.conditions(require)
        eligibility.leastCharge = minBattery
        let records = try fleet.trace?.records()
        let state = FleetState(
            fleet, clients: devices, seed: seed, eligibility: eligibility, traces: records?.devices ?? [])
        let progress = WorkProgress("simulating", isQuiet: json)
        let passed = FleetDays(state, seconds: Double(days) * 86_400, interval: Double(every) * 60) {
            progress.show($0, Format.count(days, "day"))
        }
        progress.clear()
        let fits = try ModelFit.all(fleet, batch: batchSize)
        let limits = try limits.table(fleet)
        if json {
            try FleetOutput(fleet: fleet, days: passed, fits: fits, limits: limits, records: records).printJSON()
        } else {
            if let line = try measured.line() { Console.output(line + "\n") }
            FleetOutput(fleet: fleet, days: passed, fits: fits, limits: limits, records: records)
                .print(days: days, seed: seed)
        }
        guard let output else { return }
        let folder = URL(fileURLWithPath: output, isDirectory: true)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        switch try Gnuplot.draw([.fleetDays(fleet, passed), .fleetFit(fleet, fits, batch: batchSize)], in: folder) {
        case .drawn: if !json { Console.output("pictures  \(output)/fleet_days.png, \(output)/fleet_fit.png") }
        case .missing: Console.error(Gnuplot.advice)
        case .failed(let reason): Console.error("no pictures: \(reason)")
        }
    }

    /// Refuses numbers that are out of range.
    private func check() throws(ConfigurationError) {
        let ranges: [(String, Int, ClosedRange<Int>)] = [
            ("--devices", devices ?? 1, 1...10_000_000), ("--days", days, 1...3_650), ("--every", every, 1...1_440),
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
    /// Name in the catalog.
    let model: String
    /// KB of 1,024 bytes of its weights.
    let weightKilobytes: Int
    /// KB of 1,024 bytes that training takes at the batch that was asked for.
    let memoryKilobytes: Int
    /// By class.
    let classes: [OnClass]

    /// Training on one class of devices; seconds and joules are simulated.
    struct OnClass: Encodable {
        /// Name of the class.
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
                model: name, weightKilobytes: (4 * model.parameterCount + 1023) / 1024, memoryKilobytes: kilobytes,
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
