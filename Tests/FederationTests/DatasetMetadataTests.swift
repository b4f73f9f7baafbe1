import Datasets
import FedCore
import Federation
import Testing

struct DatasetMetadataTests {
    private func firstTestImage(_ options: DatasetOptions) throws -> [Float] {
        let test = try Datasets.open("synthetic:1x8x8", options: options).test
        var (image, label) = ([Float](repeating: 0, count: 64), [Int32](repeating: 0, count: 1))
        let samples: [UInt32] = [0]
        var images = image.mutableSpan
        var labels = label.mutableSpan
        test.read(samples.span, into: &images, labels: &labels)
        return image
    }

    @Test func `A weights file's metadata lead to the images of its run`() throws {
        var settings = RunSettings()
        settings.seed = 18_446_744_073_709_551_615
        settings.clients = 3
        settings.samplesPerClient = 4000
        let options = try DatasetOptions(metadata: settings.datasetMetadata)
        let train = try Datasets.open("synthetic:1x8x8", options: options).train
        #expect(train.count == 12_000)
        #expect(try firstTestImage(options) == firstTestImage(DatasetOptions(settings)))
        #expect(try firstTestImage(options) != firstTestImage(DatasetOptions()))
    }

    @Test func `A file that says nothing is taken for one of a run's usual seed`() throws {
        #expect(try DatasetOptions(metadata: ["format": "pt"]).seed == 42)
    }

    @Test(arguments: ["seed": "-1", "clients": "many", "samples_per_client": ""])
    func `A file that says nonsense is refused`(key: String, text: String) {
        #expect(throws: ConfigurationError.self) { try DatasetOptions(metadata: [key: text]) }
    }
}
