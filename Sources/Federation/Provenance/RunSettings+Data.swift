public import Datasets
import FedCore
public import Records

extension DatasetOptions {
    /// The options that a run opens its data set with.
    public init(_ settings: RunSettings) {
        self.init()
        clients = settings.clients
        samplesPerClient = settings.samplesPerClient
        seed = settings.seed
        named = settings.datasetOptions
    }
}

extension RunSettings {
    /// Makes a teacher's data those of the runs that learn from it, unless the user names others.
    ///
    /// The test samples stay the ones that the teacher was not trained on, whatever the seeds of the runs: where a seed
    /// decides which samples are held out, the teacher's is taken.
    /// - Parameters:
    ///   - origin: the teacher's data.
    ///   - named: the user's choice; nil takes the teacher's.
    public mutating func takeData(of origin: DataOrigin, dataset named: String?) {
        let choice = ModelData(of: origin, dataset: named, options: datasetOptions)
        dataset = choice.dataset
        normalize = normalize ?? origin.normalization.map { "\($0)" }
        guard Datasets.standard.takeSeed(dataset), choice.options.named.values["seed"] == nil else {
            datasetOptions = choice.options.named
            return
        }
        let seed = dataset == origin.dataset ? origin.options.seed : self.seed
        datasetOptions = NamedOptions(choice.options.named.values.merging(["seed": "\(seed)"]) { $1 })
    }
}
