import ArgumentParser
import Datasets
import FedCore
import Federation
import Foundation
import MPI
import NeuralNet
import Recording
import Serving

/// `fedmpi serve`.
struct Serve: WorldCommand {
    static let configuration = CommandConfiguration(
        abstract:
            "Serve trained models on a fleet of devices: each gets the variant that fits it, and adapts to its load.",
        discussion: """
            mpirun -np 6 fedmpi serve --models results/large,results/medium,results/small --profiles examples/profiles.yaml
            fedmpi serve --models results/large,results/small --gflops 2 --rate 50,500,50
            """)

    @Option(help: "Trained models, of any precision: file,file, or the folders of runs.")
    var models: String

    @OptionGroup(title: "Devices") var deviceOptions: DeviceOptions
    @OptionGroup(title: "Budget") var budgetOptions: BudgetOptions
    @OptionGroup(title: "Load") var loadOptions: LoadOptions

    @Option(help: "Data set whose test images are served.")
    var dataset = RunSettings().dataset

    @Option(
        help: "What the data set takes: name=value,name=value; an unknown name lists them.",
        transform: NamedOptions.init(parsing:))
    var datasetOptions: NamedOptions = [:]

    @Option(help: "Test images that the models' accuracy is taken over. (default: all)")
    var testImages: Int?

    @Option(help: "Seed of the requests' arrivals, and of generated images.")
    var seed: UInt64 = RunSettings().seed

    @Option(help: "Devices of one host that serve at the same time; each disturbs the others' times.")
    var atOnce = 1

    @Flag(
        help: "Put no limits on the devices' processes: simulate a CPU share, and leave memory and cores as they are.")
    var noLimits = false

    @Option(help: "Folder of all runs.")
    var results = "results"

    @Option(help: "Name of the folder in it. (default: date and time)")
    var runName: String?

    @Flag(help: "Print one JSON object instead of tables.")
    var json = false

    @Flag(help: "Also print why each device has its tier, its limits and its model.")
    var verbose = false

    func validate() throws {
        if atOnce < 1 { throw ConfigurationError("--at-once must be at least 1") }
        if let testImages, testImages < 1 { throw ConfigurationError("--test-images must be at least 1") }
    }

    func run(on world: any Communicator) throws -> (() -> Int32)? {
        var job: ServingJob?
        var folder: URL?
        let problem = try Session.attempt(on: world) {
            job = try ServingJob(self, ranks: world.size)
        }
        if let problem { throw problem }
        let refusal = try Session.attempt(on: world) {
            guard world.rank == 0 else { return }
            let environment = RunEnvironment(
                mpi: MPIWorld.libraryVersion, oneDNN: "\(OneDNNLibrary.version) \(OneDNNLibrary.instructionSet)")
            folder = try RunFolder(results: results, name: runName, environment: environment).url
        }
        if let refusal { throw refusal }
        guard let job else { preconditionFailure("every rank agreed, and this one has no job") }

        let hosts = try world.hostNames()
        let host = try world.split(color: hosts.firstIndex(of: hosts[world.rank]), key: world.rank) ?? world
        let machine = try host.broadcast(
            json: host.rank == 0 ? DeviceProfiler().measure(name: hosts[world.rank]) : nil, root: 0)
        let accuracies = try Accuracies.measure(
            job.variants, on: job.test, count: testImages ?? .max, over: world)
        let reports = try Turns(host, atOnce: atOnce).take {
            try job.fleet.devices(ofRank: world.rank, of: world.size).map { index in
                try DeviceProcess.run(
                    job.task(for: index, on: machine, accuracies: accuracies), timeout: job.longestSeconds)
            }
        }
        let all = try world.gather(json: reports, root: 0).flatMap { $0 }.sorted { $0.index < $1.index }
        let machines = try world.gather(json: machine, root: 0)
        guard world.rank == 0, let folder else { return nil }
        if all.allSatisfy(\.isRefused) {
            // Nothing was written into it.
            rmdir(folder.path)
        }
        let outcome = FleetOutcome(
            reports: all, machines: Dictionary(zip(hosts, machines)) { first, _ in first },
            models: job.models(accuracies), folder: folder)
        return { [json, verbose] in outcome.finish(json: json, verbose: verbose) }
    }
}
