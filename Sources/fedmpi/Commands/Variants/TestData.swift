import ArgumentParser
import Datasets
import FedCore
import Federation
import NeuralNet

/// Which data a variant is tried on.
struct TestDataOptions: ParsableArguments {
    @Option(
        help: """
            Data set: \(Datasets.choices.joined(separator: ", ")). (default: the one that the model's file names, else \
            \(RunSettings().dataset))
            """)
    var dataset: String?

    @Option(
        help: "What the data set takes: name=value,name=value; an unknown name lists them.",
        transform: NamedOptions.init(parsing:))
    var datasetOptions: NamedOptions = [:]

    /// The names of the classes, where the user or the model's file says which data set it is, and it has some.
    func classNames(for variant: Variant) -> [String] {
        let names = (dataset ?? variant.metadata["dataset"]).map(Datasets.classNames) ?? []
        return names.count == variant.model.classes ? names : []
    }

    /// The data set: what the user says, else the model's file, else what a run takes.
    func name(for variant: Variant) -> String { dataset ?? variant.metadata["dataset"] ?? RunSettings().dataset }

    /// Opens the data set as the run did that trained the model, and checks that its images are what the model takes.
    func open(for variant: Variant) throws -> DatasetPair {
        let model = variant.model
        let dataset = name(for: variant)
        var options = try DatasetOptions(metadata: variant.metadata)
        options.named = datasetOptions
        let data: DatasetPair
        do { data = try Datasets.open(dataset, options: options) } catch let error as DatasetError {
            throw ConfigurationError("\(error)")
        }
        let shape = data.test.shape
        guard model.input == [shape.channels, shape.height, shape.width], model.classes == data.test.classes else {
            throw ConfigurationError(
                "\(model.name) takes \(model.input) and has \(model.classes) classes, \(dataset) has \(shape) and "
                    + "\(data.test.classes)")
        }
        return data
    }
}

extension Dataset {
    /// Some samples' images, plain, one after the other.
    func images(_ samples: [UInt32]) -> [Float] {
        var images = [Float](repeating: 0, count: samples.count * shape.count)
        var labels = [Int32](repeating: 0, count: samples.count)
        var imageSpan = images.mutableSpan
        var labelSpan = labels.mutableSpan
        read(samples.span, into: &imageSpan, labels: &labelSpan)
        return images
    }

    /// So many samples, evenly spaced; all of them if there are not more.
    func evenlySpaced(_ samples: Int) -> [UInt32] {
        let samples = min(samples, count)
        return (0..<samples).map { UInt32($0 * count / samples) }
    }
}
