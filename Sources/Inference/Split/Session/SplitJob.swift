import Datasets
import Devices
import FedCore
import Foundation
import MPI
import NeuralNet
import Runtime

/// What all ranks of a job of split inference share: the model, the images, who is where. Rank 0 is the server, the others
/// are devices.
final class SplitJob {
    let world: any Communicator
    /// Beats, reports: what is no part of the simulated link.
    let control: any Communicator
    let processes: ProcessTable
    let settings: SplitSettings
    let model: Model
    /// The whole model's, on rank 0 and where devices have it all.
    private(set) var weights: [Float]?
    let data: any Dataset
    /// Cores of each rank's host.
    let cores: [Int]
    let stop: StopFlag

    var isServer: Bool { world.rank == 0 }
    var devices: Int { world.size - 1 }

    /// Prepares all ranks. Collective.
    /// - Parameters:
    ///   - settings: on rank 0; other ranks receive them.
    ///   - trained: on rank 0.
    /// - Throws: `ConfigurationError` on every rank alike.
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
        let name = try world.broadcastBytes(Array((trained?.model.name ?? "").utf8), root: 0)
        var found: (model: Model, data: any Dataset)?
        let problem = try world.agree {
            try shared.validate()
            let model = try trained?.model ?? Models.named(String(decoding: name, as: UTF8.self))
            _ = try shared.cut(of: model)
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

    private static func images(for model: Model, _ settings: SplitSettings) throws -> any Dataset {
        let data = try Datasets.open(settings.dataset, options: settings.datasetOptions).test
        let shape: Shape = [data.shape.channels, data.shape.height, data.shape.width]
        guard model.input == shape, model.classes >= data.classes else {
            throw ConfigurationError(
                "\(model.name) takes images of \(model.input) in \(model.classes) classes; those of \(settings.dataset) "
                    + "are \(shape) in \(data.classes)")
        }
        return data
    }

    /// Gives every rank some of rank 0's weights. Collective.
    func share(_ weights: [Float]?, _ range: Range<Int>) throws -> [Float] {
        let own = isServer ? weights.map { Array($0[range]) } : nil
        let buffer = own.map { Buffer($0) } ?? Buffer<Float>(count: range.count)
        return try world.startBroadcast(buffer, root: 0).wait().array()
    }

    /// How to wait: ranks that have a core each may look for long before they sleep; where they share cores, a look takes
    /// time from those who compute.
    var backoff: Backoff {
        let here = processes.hosts.count { $0 == processes.hosts[world.rank] }
        var backoff = Backoff()
        backoff.tests = here <= cores[world.rank] ? 5_000 : 20
        backoff.longestSleep = .microseconds(500)
        return backoff
    }

    /// What the messages of the run go over: for a rank whose link is simulated, that link.
    func communicator() throws -> any Communicator {
        let own = try world.duplicate()
        let link = settings.link(of: world.rank)
        return link.isIdeal ? own : SlowLink(own, link: link, smallestBytes: 0)
    }

    func images(of device: Int) -> DeviceImages {
        DeviceImages(data: data, devices: devices, device: device, total: settings.images ?? data.count)
    }

    func ladder(_ range: Range<Int>, _ weights: [Float], largest: Int) throws -> PlanLadder {
        try PlanLadder(model.part(range), weights: weights.span, largest: largest, threads: settings.threads)
    }
}
