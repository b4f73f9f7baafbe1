import Datasets
import FedCore
import NeuralNet
import Records

/// What client ranks of another program are told of a job: lengths, names and numbers that ranks of this program derive
/// from the settings. JSON, so that other languages read it.
struct JobDescription: Encodable {
    /// The model's parameters, in the order of the flat weights.
    struct Parameter: Encodable {
        let name: String
        let shape: [Int]
        let isStatistic: Bool
    }

    let parameters: [Parameter]
    /// Vectors and numbers that the strategy sends and keeps (docs/WIRE.md, *Order of a round*).
    let broadcastVectors, extraVectors, extraNumbers, stateVectors: Int
    /// Clients that a frame has room for, and that a round asks at most.
    let frameCapacity, cohortSize: Int
    /// Samples that each client trains on, and each part of the test set; the classes of the confusion matrix.
    let samples, test: [Int]
    let classes: Int
    /// The samples of each client, by their place in the data set; nil where the data are not this program's.
    let partition: [[Int]]?
    /// The strategy's local half beside plain training: μ of FedProx, 0 without.
    let proximal: Double
    /// Factor of the learning rate in each round, from round 1.
    let rateFactors: [Double]
    /// `W` of docs/WIRE.md: samples that a round's updates can have together.
    let totalWeight: Double
    /// Largest value that an update's element may have: rule 10 there.
    let largest: Float

    init(_ job: Job) {
        parameters = job.model.parameterLayout.entries.map {
            Parameter(name: $0.name, shape: $0.shape, isStatistic: $0.role == .statistic)
        }
        let traffic = job.strategy.traffic
        (broadcastVectors, extraVectors) = (traffic.broadcastVectors, traffic.extraVectors)
        (extraNumbers, stateVectors) = (traffic.extraNumbers, traffic.stateVectors)
        (frameCapacity, cohortSize) = (job.frameCapacity, job.settings.cohortSize)
        samples = (0..<job.partition.clients).map { job.partition.count(of: $0) }
        test = job.testingClients.isEmpty ? [] : (0..<job.clientTest.clients).map { job.clientTest.count(of: $0) }
        classes = job.model.classes
        partition =
            job.model.isExternal
            ? nil : (0..<job.partition.clients).map { job.partition.samples(of: $0).map { Int($0) } }
        proximal = if case .proximal(let mu) = job.strategy.portableHalf { mu } else { 0 }
        rateFactors = (1...max(1, job.settings.rounds)).map { Double(job.learningRate(round: $0) / job.settings.lr) }
        totalWeight = job.terms.totalWeight
        largest = ExactSum(count: 0, totalWeight: totalWeight).largestValue
    }
}
