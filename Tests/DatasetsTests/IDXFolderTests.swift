import FedCore
import Testing

@testable import Datasets

@Suite struct IDXFolderTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test(arguments: [false, true]) func readsTheRowsAskedForInTheirOrder(gzipped: Bool) throws {
        let pair = try TinyIDX.open(in: folder, gzipped: gzipped)
        #expect(pair.train.count == 3 && pair.test.count == 2)
        #expect(pair.train.shape == ImageShape(channels: 1, height: 2, width: 2))
        #expect(pair.train.classes == 3 && pair.test.classes == 3)
        #expect(pair.train.name == "idx:" + folder.path)

        let (images, labels) = pair.train.read([2, 0, 2])
        let last: [Float] = [255 / 255, 254 / 255, 128 / 255, 127 / 255]
        #expect(images == last + [0, 1 / 255, 2 / 255, 3 / 255] + last)
        #expect(labels == [2, 1, 2])
        #expect(pair.train.labels() == [1, 0, 2])
        #expect(pair.test.read([1]).images == [50, 60, 70, 80].map { Float($0) / 255 })
        #expect(pair.test.label(0) == 2)
    }

    @Test func readsNothingWhenNothingIsAskedFor() throws {
        let (images, labels) = try TinyIDX.open(in: folder).train.read([])
        #expect(images.isEmpty && labels.isEmpty)
    }

    @Test func plainFilesNeedNoCache() throws {
        _ = try TinyIDX.open(in: folder, cache: folder.path + "/cache")
        #expect(try folder.names() == TinyIDX.names.sorted())
    }

    @Test func fileNamesWithADotAreAccepted() throws {
        for (name, bytes) in TinyIDX.files {
            try folder.write(bytes, to: name.replacing("-idx", with: ".idx"))
        }
        #expect(try Datasets.standard.open("idx:" + folder.path).train.count == 3)
    }

    @Test func plainAndCompressedFilesMix() throws {
        for (index, name) in TinyIDX.names.enumerated() {
            let bytes = TinyIDX.files[name] ?? []
            try folder.write(index % 2 == 0 ? bytes : gzip(bytes), to: name + (index % 2 == 0 ? "" : ".gz"))
        }
        var options = DatasetOptions()
        options.cacheFolder = folder.path + "/cache"
        #expect(try Datasets.standard.open("idx:" + folder.path, options: options).train.labels() == [1, 0, 2])
    }

    @Test func aMissingFolderIsNamed() throws {
        let path = folder.path + "/nowhere"
        let error = #expect(throws: DatasetError.self) { try Datasets.standard.open("idx:" + path) }
        #expect(error == .missing(file: path, remedy: "a data set needs MNIST's four IDX files"))
    }

    @Test func aMissingFolderOfFashionMNISTSaysWhatToInstall() {
        let error = #expect(throws: DatasetError.self) {
            try FashionMNIST.open(folder: "/nowhere/fashion-mnist", options: DatasetOptions())
        }
        let remedy = "apt-get install dataset-fashion-mnist, or --dataset idx:FOLDER"
        #expect("\(error, default: "")" == "/nowhere/fashion-mnist is missing: \(remedy)")
    }

    @Test func namesOfEMNISTAreReadByTheirPrefix() throws {
        for (name, bytes) in TinyIDX.files {
            try folder.write(bytes, to: "emnist-tiny-" + name.replacing("t10k", with: "test"))
        }
        var options = DatasetOptions()
        options.named = ["prefix": "emnist-tiny-", "classes": "4"]
        let pair = try Datasets.standard.open("idx:" + folder.path, options: options)
        #expect(pair.train.labels() == [1, 0, 2] && pair.test.labels() == [2, 1])
        #expect(pair.train.classes == 4 && pair.test.classes == 4)
        options.named = ["prefix": "emnist-tiny-", "classes": "2"]
        #expect(throws: DatasetError.self) { try Datasets.standard.open("idx:" + folder.path, options: options) }
    }

    @Test func anUnknownOptionListsThoseThereAre() {
        var options = DatasetOptions()
        options.named = ["clases": "4"]
        let error = ConfigurationError(
            "data set 'idx' has no option 'clases'; did you mean 'classes'?"
        )
        #expect(throws: error) { try Datasets.standard.open("idx:/nowhere", options: options) }
        options.named = ["sed": "4"]
        let other = ConfigurationError(
            "data set 'synthetic' has no option 'sed'; did you mean 'seed'?")
        #expect(throws: other) { try Datasets.standard.open("synthetic", options: options) }
    }

    @Test func aFolderIsNeeded() {
        let error = ConfigurationError("'idx' needs a folder: 'idx:FOLDER'")
        #expect(throws: error) { try Datasets.standard.open("idx") }
        #expect(throws: error) { try Datasets.standard.open("idx:") }
        #expect(throws: ConfigurationError.self) { try Datasets.standard.open("fashion-mnist:/somewhere") }
    }

    @Test func anUnknownDataSetListsTheCatalog() {
        let error = ConfigurationError(
            "unknown data set 'mnist'; choose one of: fashion-mnist, emnist:FOLDER, idx:FOLDER, "
                + "cifar-10:FOLDER, cifar-100:FOLDER, numpy:FILE.npz|FOLDER, csv:FILE, images:FOLDER, text:FILE|FOLDER, "
                + "synthetic[:CxHxW|N]")
        #expect(throws: error) { try Datasets.standard.open("mnist") }
        #expect(throws: ConfigurationError.self) { try Datasets.standard.open("") }
    }
}
