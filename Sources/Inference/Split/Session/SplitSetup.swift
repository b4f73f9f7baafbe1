import Datasets
import Devices
import FedCore
import Foundation
import MPI
import NeuralNet
import Runtime

/// What all ranks of a job of split inference agree on before the run: settings, model, images, and where ranks are.
/// Rank 0 is the server, the others are devices.
final class SplitSetup {
    /// All ranks of the job.
    let world: any Communicator
    /// A duplicate of ``world`` for beats, reports and verdicts: messages that are no part of the simulated link.
    let control: any Communicator
    /// The processes of the ranks, to see at once when one on this host has ended.
    let processes: ProcessTable
    /// Rank 0's settings, on every rank.
    let settings: SplitSettings
    /// The whole model, without weights.
    let model: Model
    /// The whole model's parameters, on rank 0 and where devices have the whole model; nil elsewhere.
    private(set) var weights: [Float]?
    /// The test set, opened by every rank for itself: images do not cross the network.
    let data: any Dataset
    /// Cores of each rank's host, by rank.
    let cores: [Int]
    /// Raised when the run is to end early.
    let stop: StopFlag

    /// Whether this is rank 0.
    var isServer: Bool { world.rank == 0 }
    /// Number of devices: all ranks but one.
    var devices: Int { world.size - 1 }

    /// Prepares all ranks. Collective. Settings are broadcast as JSON, every rank checks them and opens the data set,
    /// and all learn whether one could not.
    ///
    /// - Parameters:
    ///   - settings: On rank 0; nil on other ranks, which receive them.
    ///   - trained: On rank 0, the model and its weights; nil on other ranks.
    ///   - world: Two ranks at least.
    ///   - stop: Raised when the run is to end early.
    /// - Throws: ``ConfigurationError``, the same on every rank; `MPIError`.
    init(_ settings: SplitSettings?, _ trained: TrainedModel?, on world: any Communicator, stop: StopFlag) throws {
        guard world.size > 1 else {
            throw ConfigurationError(
                "split inference needs a server and a device at least: mpirun -np 2 fedmpi split …")
        }
        self.world = world
        self.stop = stop
        let encoded = try settings.map { try JSONEncoder().encode($0) } ?? Data()
        let bytes = try world.broadcastBytes(Array(encoded), root: 0)
        let shared = try JSONDecoder().decode(SplitSettings.self, from: Data(bytes))
        self.settings = shared
        let described = try world.broadcastBytes(try trained?.model.described() ?? [], root: 0)
        var found: (model: Model, data: any Dataset)?
        let problem = try world.agree {
            try shared.validate()
            let model = try trained?.model ?? Models.standard.model(described: described)
            try shared.checkMemory(model, cut: try shared.cut(of: model), ranks: world.size)
            found = (model, try Self.images(for: model, shared))
        }
        if let problem { throw problem }
        guard let (model, data) = found else { preconditionFailure("every rank agreed, and this one has no model") }
        self.model = model
        self.data = data
        control = try world.duplicate()
        processes = try ProcessTable(world)
        cores = try world.allGatherText("\(ProcessInfo.processInfo.activeProcessorCount)").map { Int($0) ?? 1 }
        weights = trained?.weights
        if shared.deviceHas == .model { weights = try share(weights, 0..<model.parameterCount) }
    }

    /// Opens the test images and checks that the model takes them.
    ///
    /// - Throws: ``ConfigurationError`` when the shape or the number of classes does not fit.
    private static func images(for model: Model, _ settings: SplitSettings) throws -> any Dataset {
        let data = try Datasets.standard.open(settings.dataset, options: settings.datasetOptions).test
        let shape: Shape = [data.shape.channels, data.shape.height, data.shape.width]
        guard model.input == shape, model.classes >= data.classes else {
            throw ConfigurationError(
                "\(model.name) takes images of \(model.input) in \(model.classes) classes; those of \(settings.dataset) "
                    + "are \(shape) in \(data.classes)")
        }
        return data
    }

    /// Broadcasts a part of rank 0's parameters. Collective.
    ///
    /// - Parameters:
    ///   - weights: The whole model's, on rank 0; ignored elsewhere.
    ///   - range: Which of them, the same on every rank.
    /// - Returns: The part, on every rank.
    func share(_ weights: [Float]?, _ range: Range<Int>) throws -> [Float] {
        let own = isServer ? weights.map { Array($0[range]) } : nil
        let buffer = own.map { Buffer($0) } ?? Buffer<Float>(count: range.count)
        return try world.startBroadcast(buffer, root: 0).wait().array()
    }

    /// How a rank of the run waits. Ranks that have a core each look 5,000 times before they first sleep, for short
    /// latencies; where they share cores, 20 times, since a look takes time from those who compute.
    var backoff: Backoff {
        let here = processes.hosts.count { $0 == processes.hosts[world.rank] }
        var backoff = Backoff()
        backoff.tests = here <= cores[world.rank] ? 5_000 : 20
        backoff.longestSleep = .microseconds(500)
        return backoff
    }

    /// Makes the communicator for features and answers: a duplicate of ``world``, behind a simulated slow link where
    /// the settings ask for one. Collective.
    func communicator() throws -> any Communicator {
        let own = try world.duplicate()
        let link = settings.link(of: world.rank)
        return link.isIdeal ? own : SlowLink(own, link: link, smallestBytes: 0)
    }

    /// The images that a device classifies.
    ///
    /// - Parameter device: Its number, from 0: its rank − 1.
    func images(of device: Int) -> DeviceImages {
        DeviceImages(data: data, devices: devices, device: device, total: settings.images ?? data.count)
    }

    /// Compiles a range of layers.
    ///
    /// - Parameters:
    ///   - range: Indices of layers.
    ///   - weights: The parameters of just these layers.
    ///   - largest: Samples of the largest pass.
    func plans(_ range: Range<Int>, _ weights: [Float], largest: Int) throws -> BatchPlans {
        try BatchPlans(model.part(range), weights: weights.span, largest: largest, threads: settings.threads)
    }
}
