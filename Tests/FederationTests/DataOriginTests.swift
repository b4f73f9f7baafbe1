import Datasets
import FedCore
import Federation
import Foundation
import NeuralNet
import Testing

@testable import Records

/// What a model's file says of its data, and what is made of that.
struct DataOriginTests {
    /// Images whose numbers and labels are the samples' own numbers.
    private struct Counted: Dataset {
        let name = "counted"
        var count = 3
        let shape = ImageShape(channels: 1, height: 1, width: 2)
        let classes = 2
        var classNames = ["0", "1"]
        var first = 0

        func label(_ sample: Int) -> Int { sample % 2 }
        func read(_ samples: Span<UInt32>, into images: inout MutableSpan<Float>, labels: inout MutableSpan<Int32>) {
            for i in samples.indices {
                labels[i] = Int32(label(Int(samples[i])))
                images[2 * i] = Float(first + Int(samples[i]))
                images[2 * i + 1] = -0.5
            }
        }
    }

    /// Python: hashlib.sha256(struct.pack("<6I", 1,3,1,1,2,2) + b"\1\0\0\0" + b"0" + b"\1\0\0\0" + b"1" +
    /// struct.pack("<3I", 0,1,0) + struct.pack("<6f", 0,-.5, 1,-.5, 2,-.5)).hexdigest()
    @Test func `the digest is SHA-256 of what the documentation lists`() {
        let summary = Counted().summarized()
        #expect(summary.sha256 == "2983cd5c0aaf13449bd0dcfba092de9fe88327f63f082a9575844cfec0e1e545")
        #expect(summary.least == -0.5 && summary.largest == 2)
    }

    @Test func `labels, names, images and number each change the digest`() {
        let digests = [
            Counted(), Counted(count: 4), Counted(classNames: ["0", "2"]), Counted(classNames: ["01", ""]),
            Counted(first: 1),
        ].map { $0.summarized().sha256 }
        #expect(Set(digests).count == 5)
    }

    private func firstTestImage(_ options: DatasetOptions) throws -> [Float] {
        let test = try Datasets.standard.open("synthetic:1x8x8", options: options).test
        var (image, label) = ([Float](repeating: 0, count: 64), [Int32](repeating: 0, count: 1))
        let samples: [UInt32] = [0]
        var images = image.mutableSpan
        var labels = label.mutableSpan
        test.read(samples.span, into: &images, labels: &labels)
        return image
    }

    private func origin(_ settings: RunSettings) throws -> DataOrigin {
        DataOrigin(settings, try Datasets.standard.open(settings.dataset, options: DatasetOptions(settings)))
    }

    private var synthetic: RunSettings {
        var settings = RunSettings()
        settings.dataset = "synthetic:1x8x8"
        settings.seed = 18_446_744_073_709_551_615
        settings.clients = 3
        settings.samplesPerClient = 400
        return settings
    }

    @Test func `A weights file's metadata lead to the images of its run`() throws {
        let settings = synthetic
        let written = try origin(settings)
        let read = try DataOrigin(metadata: written.metadata)
        #expect(read == written)
        let choice = ModelData(of: read)
        let data = try choice.open()
        #expect(choice.dataset == "synthetic:1x8x8" && data.train.count == 1200)
        #expect(try firstTestImage(choice.options) == firstTestImage(DatasetOptions(settings)))
        #expect(try firstTestImage(choice.options) != firstTestImage(DatasetOptions()))
        #expect(choice.notes(on: data, usesTraining: true) == [])
        #expect(choice.testImages(data) == "the 1,000 test images of synthetic:1x8x8 (seed 18446744073709551615)")
        #expect(read.range.map { $0.lowerBound >= 0 && $0.upperBound <= 1 } == true && read.scale == 255)
    }

    @Test func `With differential privacy nothing exact of the samples to train on is in the file`() throws {
        var settings = synthetic
        settings.privacy = .dpSGD
        let metadata = try origin(settings).metadata
        #expect(metadata["train_sha256"] == nil && metadata["input_range"] == nil)
        #expect(metadata["test_sha256"] == (try origin(synthetic).metadata["test_sha256"]))
    }

    @Test func `A file that says nothing is taken for one of a run without options, and that is said`() throws {
        let origin = try DataOrigin(metadata: ["format": "pt"])
        #expect(origin == DataOrigin() && origin.options.seed == 42)
        let choice = ModelData(of: origin, dataset: "synthetic:1x8x8")
        #expect(ModelData(of: origin).dataset == "fashion-mnist")
        #expect(
            choice.notes(on: try choice.open()) == [
                "the model's file does not say what it was trained on; it is tried on synthetic:1x8x8"
            ])
    }

    @Test func `A file of before the digests is opened as ever, and that is said`() throws {
        let choice = ModelData(of: try DataOrigin(metadata: ["dataset": "synthetic:1x8x8", "seed": "7"]))
        #expect(choice.options.seed == 7)
        #expect(choice.notes(on: try choice.open()).map { $0.contains("older version") } == [true])
    }

    @Test(arguments: [
        "seed": "-1", "clients": "many", "samples_per_client": "0", "dataset_options": "label", "class_names": "a,b",
        "input_scale": "wide", "input_range": "1", "test_share": "",
        "table_columns": #"{"count":1,"answers":[],"features":[]}"#,
    ])
    func `A file that says nonsense is refused`(key: String, text: String) {
        let error = #expect(throws: ConfigurationError.self) { try DataOrigin(metadata: [key: text]) }
        #expect(error?.description == "the model's file says \(key) '\(text)', which cannot be")
    }

    @Test func `Names come back whatever is in them, and too many are left out`() throws {
        var origin = DataOrigin()
        origin.classNames = ["T-shirt/top", "a \"b\", c", "ö\u{301}"]
        #expect(try DataOrigin(metadata: origin.metadata) == origin)
        origin.classNames = (0..<70_000).map { "class number \($0)" }
        #expect(origin.metadata["class_names"] == nil)
    }

    @Test func `A table's columns stand for it where rows are predicted, and for no other table`() throws {
        let columns =
            #"{"answers":[{"column":1,"name":"y"}],"classes":2,"count":2,"features":[{"column":0,"name":"x"}]}"#
        let origin = try DataOrigin(metadata: ["dataset": "csv:a.csv", "table_columns": columns])
        #expect(origin.metadata["table_columns"] == columns)
        #expect(ModelData(of: origin, testMayLackLabels: true).options.table == origin.table && origin.table != nil)
        #expect(ModelData(of: origin).options.table == nil)
        #expect(ModelData(of: origin, dataset: "csv:b.csv", testMayLackLabels: true).options.table == nil)
        let filled = columns.replacing(#""features""#, with: #""filling":[2.5],"features""#)
        let means = try DataOrigin(metadata: ["dataset": "csv:a.csv", "table_columns": filled])
        #expect(ModelData(of: means).options.filling == [2.5] && ModelData(of: origin).options.filling == nil)
        #expect(ModelData(of: means, dataset: "csv:b.csv").options.filling == [2.5])
        #expect(ModelData(of: means, dataset: "synthetic").options.filling == nil)
    }

    @Test func `What the user says replaces what the run took, name by name, of the same data set only`() {
        var origin = DataOrigin()
        origin.dataset = "csv:a.csv"
        origin.options.named = ["label": "kind", "scale": "255", "test": "t.csv"]
        origin.options.seed = 7
        #expect(
            ModelData(of: origin, options: ["scale": "1"]).options.named == [
                "label": "kind", "scale": "1", "test": "t.csv",
            ])
        // Another table has the same form, not the same file to test on; another kind of data has nothing in common.
        #expect(ModelData(of: origin, dataset: "csv:b.csv").options.named == ["label": "kind", "scale": "255"])
        let other = ModelData(of: origin, dataset: "numpy:c.npz", options: ["test-share": "0.5"])
        #expect(other.options.named == ["test-share": "0.5"] && other.options.seed == 7)
    }

    @Test func `Students are tested on what their teacher was not trained on, whatever their seed`() {
        var origin = DataOrigin()
        origin.dataset = "csv:a.csv"
        origin.options.named = ["label": "kind"]
        origin.options.seed = 7
        func taken(_ dataset: String?, _ options: NamedOptions = [:]) -> String {
            var settings = RunSettings()
            settings.datasetOptions = options
            settings.takeData(of: origin, dataset: dataset)
            return "\(settings.dataset) \(settings.datasetOptions)"
        }
        #expect(taken(nil) == "csv:a.csv label=kind,seed=7")
        #expect(taken("csv:a.csv", ["seed": "3"]) == "csv:a.csv label=kind,seed=3")
        #expect(taken("csv:b.csv") == "csv:b.csv label=kind,seed=42")
        #expect(taken("fashion-mnist") == "fashion-mnist ")
    }
}

/// The data of a table, as its run, its model's file and who evaluates the model see them.
struct TableProvenanceTests {
    private let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)

    init() throws { try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true) }

    private func write(_ name: String, _ rows: [String]) throws -> String {
        let url = folder.appendingPathComponent(name)
        try Data((["kind,a,b"] + rows).joined(separator: "\n").utf8).write(to: url)
        return url.path
    }

    private func rows(_ kinds: [String], _ count: Int, from first: Int = 0) -> [String] {
        (first..<first + count).map { "\(kinds[$0 % kinds.count]),\($0),\(2 * $0)" }
    }

    private func origin(_ settings: RunSettings) throws -> DataOrigin {
        var origin = try DataOrigin(metadata: DataOrigin(settings, data(settings)).metadata)
        origin.options.cacheFolder = cache
        return origin
    }

    private var cache: String { folder.appendingPathComponent("cache").path }

    private func data(_ settings: RunSettings) throws -> DatasetPair {
        var options = DatasetOptions(settings)
        options.cacheFolder = cache
        return try Datasets.standard.open(settings.dataset, options: options)
    }

    private func settings(_ path: String, _ options: NamedOptions) -> RunSettings {
        var settings = RunSettings()
        settings.dataset = "csv:" + path
        settings.datasetOptions = options
        settings.seed = 5
        return settings
    }

    @Test func `Samples held out by the seed are held out again, and a replaced file is noticed`() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = try write("t.csv", rows(["cat", "dog"], 40))
        let settings = settings(path, ["label": "kind", "test-share": "0.25"])
        let origin = try origin(settings)
        #expect(origin.classNames == ["cat", "dog"] && origin.testShare == 0.25 && origin.scale == 1)
        let own = try self.data(settings)
        let train = own.train.summarized()
        #expect(origin.range == train.least...train.largest)
        let choice = ModelData(of: origin)
        let data = try choice.open()
        #expect(data.test.summarized() == own.test.summarized() && data.test.count == 10)
        #expect(choice.notes(on: data, usesTraining: true) == [])
        #expect(choice.testImages(data) == "the 10 test rows of csv:\(path) (held out by seed 5)")
        #expect(choice.noteOnBytes?.hasSuffix("; bytes are divided by 255") == true)

        let fewer = ModelData(of: origin, options: ["test-share": "0.5"])
        #expect(
            fewer.notes(on: try fewer.open()) == [
                "these are not the test rows of the model's run, which was on csv:\(path) "
                    + "(label=kind,test-share=0.25, seed 5)"
            ])
        let scaled = ModelData(of: origin, options: ["scale": "2"])
        #expect(
            scaled.notes(on: try scaled.open()).last
                == "the numbers are divided by 2.0; those that the model learnt from, by 1.0")
        // A row more: the file has another length, so that no copy of the old one is taken.
        _ = try write("t.csv", rows(["cat", "dog"], 41))
        let notes = choice.notes(on: try choice.open(), usesTraining: true)
        #expect(notes.count == 1 && notes[0].hasSuffix("they have changed since, as their SHA-256 is another"))
        #expect(notes[0].contains("test and training rows"))
    }

    @Test func `Labels of another table are the model's classes, not those of their own order`() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = try write("t.csv", rows(["cat", "dog", "eel"], 30))
        let test = try write("test.csv", rows(["dog", "eel"], 8))
        let origin = try origin(settings(path, ["label": "kind", "test": test]))
        // Only two of the classes, which on their own would be 0 and 1.
        let other = try write("other.csv", rows(["eel", "dog"], 12))
        let choice = ModelData(of: origin, dataset: "csv:" + other, options: ["test-share": "0.5"])
        let data = try choice.open()
        #expect(Set(data.train.labels() + data.test.labels()) == [1, 2] && data.test.classes == 3)
        #expect(choice.classNames(of: .logistic, data) == [])
        #expect(
            ModelData(of: origin).testImages(try ModelData(of: origin).open()).hasSuffix("csv:\(path) (in \(test))"))
        let unknown = try write("unknown.csv", rows(["eel", "emu"], 12))
        let error = #expect(throws: ConfigurationError.self) {
            try ModelData(of: origin, dataset: "csv:" + unknown).open()
        }
        #expect(error?.description.contains("'emu'") == true)
    }

    @Test func `Data that are not where they were are asked for`() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = try write("t.csv", rows(["cat", "dog"], 30))
        let origin = try origin(settings(path, ["label": "kind"]))
        try FileManager.default.removeItem(atPath: path)
        let error = #expect(throws: ConfigurationError.self) { try ModelData(of: origin).open() }
        #expect(
            error?.description.contains("the model's file names these data; say where they are by --dataset") == true)
    }
}
