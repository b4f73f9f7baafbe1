import Datasets
import FedCore
import Files
import Foundation
import NeuralNet
import Testing

@testable import Federation
@testable import Records

/// Models that only client ranks of another program can run, and what those declare.
@Suite struct ForeignClientsTests {
    /// A file with a matrix, a bias and the statistics of batch normalisation, as PyTorch names them.
    static func file(_ tensors: [Safetensors.Tensor]) throws -> String {
        let path = FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString).safetensors").path
        try Data(Safetensors(tensors).encoded()).write(to: URL(fileURLWithPath: path))
        return path
    }

    static func settings(_ path: String, clients: Int = 2) -> RunSettings {
        var settings = RunSettings()
        settings.clients = clients
        settings.model = "external:\(path)"
        return settings
    }

    static let tensors = [
        Safetensors.Tensor(name: "z.weight", shape: [2, 2], elements: .float32([1, 2, 3, 4])),
        Safetensors.Tensor(name: "a.running_mean", shape: [1], elements: .float32([5])),
        Safetensors.Tensor(name: "a.running_var", shape: [1], elements: .float32([6])),
    ]

    @Test func aFileGivesLayoutAndInitialWeightsInItsOrder() throws {
        let model = try ExternalModel.read(Self.file(Self.tensors), classes: 3)
        #expect(model.isExternal && model.layers.isEmpty && model.classes == 3)
        #expect(model.initialWeights(seed: 1) == [1, 2, 3, 4, 5, 6])
        #expect(model.parameterLayout.entries.map(\.name) == ["z.weight", "a.running_mean", "a.running_var"])
        #expect(model.parameterLayout.entries.map(\.role) == [.trained, .statistic, .statistic])
        #expect(model.trainedParameterCount == 4)
    }

    @Test func aFileWithoutFloatsIsRefused() throws {
        let masks = try Self.file([Safetensors.Tensor(name: "m", shape: [2], elements: .uint8([1, 2]))])
        #expect(throws: ConfigurationError.self) { try ExternalModel.read(masks, classes: 2) }
        #expect(throws: ConfigurationError.self) { try ExternalModel.read("/nowhere.safetensors", classes: 2) }
        #expect(throws: ConfigurationError.self) { try ExternalModel.read("", classes: 2) }
    }

    @Test func aJobHasTheSamplesThatAreDeclared() throws {
        let settings = Self.settings(try Self.file(Self.tensors))
        let job = try Job(settings, foreign: ForeignClients(samples: [3, 4], test: [5], classes: 3))
        #expect((0..<2).map { job.partition.count(of: $0) } == [3, 4])
        #expect(job.testingClients == [0] && job.clientTest.count(of: 0) == 5)
        #expect(job.settings.dataset == "external" && job.hasClasses)
        // 1 + 3² numbers: loss and confusion matrix.
        #expect(job.evaluationVector.floats == 10)
        try job.validateForeign()
        let described = try JSONEncoder().encode(JobDescription(job))
        let told = try #require(try JSONSerialization.jsonObject(with: described) as? [String: Any])
        #expect(told["samples"] as? [Int] == [3, 4] && told["test"] as? [Int] == [5, 0] && told["partition"] == nil)
        #expect(told["totalWeight"] as? Double == 7)
    }

    @Test(arguments: [
        ForeignClients(samples: [3], test: []), ForeignClients(samples: [3, 0], test: []),
        ForeignClients(samples: [3, -1], test: []), ForeignClients(samples: [3, 4], test: [1, 1, 1]),
        ForeignClients(samples: [3, 4], test: [], classes: 1), ForeignClients(samples: [3, 4], test: [], classes: -2),
        ForeignClients(samples: [1 << 31, 4], test: []), ForeignClients(samples: [.max, .max], test: []),
    ]) func whatCannotBeIsRefused(_ declared: ForeignClients) throws {
        let settings = Self.settings(try Self.file(Self.tensors))
        #expect(throws: ConfigurationError.self) { try Job(settings, foreign: declared) }
    }

    @Test func withoutSuchRanksTheModelCannotBeRun() throws {
        let settings = Self.settings(try Self.file(Self.tensors))
        #expect(throws: ConfigurationError.self) { try Job(settings) }
    }

    @Test(arguments: ["fednova", "feddyn", "qfedavg", "mimelite", "ditto", "fedsgd", "fedasync"])
    func strategiesWhoseClientHalfIsMissingAreRefused(_ strategy: String) throws {
        var settings = Self.settings(try Self.file(Self.tensors))
        settings.strategy = strategy
        let job = try Job(settings, foreign: ForeignClients(samples: [3, 4], test: []))
        #expect(throws: ConfigurationError.self) { try job.validateForeign() }
    }

    @Test(arguments: ["fedavg", "fedavgm", "fedadam", "fedyogi", "fedadagrad", "fedprox", "scaffold"])
    func strategiesWhoseClientHalfIsThereAreTaken(_ strategy: String) throws {
        var settings = Self.settings(try Self.file(Self.tensors))
        settings.strategy = strategy
        try Job(settings, foreign: ForeignClients(samples: [3, 4], test: [])).validateForeign()
    }
}
