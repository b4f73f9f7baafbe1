import Cryptography
import Datasets
import Devices
import NeuralNet
import Records

extension RunDescription {
    /// Describes a job to observers.
    /// - Parameters:
    ///   - job: the run.
    ///   - ranks: number of ranks, rank 0 included.
    ///   - hosts: host name of each rank.
    ///   - instructionSets: what each rank computes by.
    ///   - finishedRounds: rounds that a resumed run has behind it.
    /// - Complexity: Reads some of the images and hashes a teacher's weights: milliseconds.
    init(_ job: Job, ranks: Int, hosts: [String], instructionSets: InstructionSets, finishedRounds: Int) {
        self.init(
            settings: job.settings, model: job.model.name, layout: job.model.parameterLayout,
            modelMetadata: DataOrigin(job.settings, job.data).metadata.merging(job.model.metadata) { $1 },
            teacher: job.distillation.map {
                Teacher(model: $0.teacher.model.name, weightsSHA256: weightsDigest($0.teacher.weights.span))
            },
            classNames: job.data.train.namedClasses, trainingSamples: job.partition.sampleCount,
            testSamples: job.data.test.count, ranks: ranks, hosts: hosts, finishedRounds: finishedRounds,
            stages: job.stageOrder)
        self.instructionSets = instructionSets
        frozen = job.model.frozen
        isAsynchronous = job.asynchronous != nil
        metrics = job.metrics
        clientNames = job.partition.names
        if let fleet = job.fleet, fleet.fleet.isCounted {
            clientClasses = fleet.classes(clients: job.settings.clients).map {
                ClientClass(name: $0.device.name, clients: $0.clients)
            }
        }
        clientStateBytes = MemoryLayout<Float>.size * job.vectors.state
        privacy = [job.privacyLine, job.unprotectedLine].compactMap { $0 }
    }
}
