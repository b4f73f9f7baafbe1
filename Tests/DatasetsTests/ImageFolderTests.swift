import FedCore
import Testing

@testable import Datasets

@Suite struct ImageFolderTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func put(_ name: String, _ places: String...) throws {
        for place in places { try folder.write(Fixture.bytes(name), to: "data/\(place)") }
    }

    private func open(_ named: NamedOptions = [:]) throws -> DatasetPair {
        var options = DatasetOptions()
        options.named = named
        options.cacheFolder = folder.path + "/cache"
        return try Datasets.standard.open("images:\(folder.path)/data", options: options)
    }

    private func message(_ named: NamedOptions = [:]) -> String {
        do { _ = try open(named) } catch { return "\(error)".replacing(folder.path + "/", with: "") }
        return ""
    }

    @Test func aFolderIsAClass() throws {
        try put("rgb.png", "train/dog/1.png", "test/cat/1.png", "test/dog/1.PNG")
        try put("grey.png", "train/cat/1.png", "train/cat/2.png")
        try folder.write([1], to: "data/train/cat/notes.txt")
        let pair = try open()
        #expect(pair.train.count == 3 && pair.test.count == 2)
        #expect(pair.train.shape == ImageShape(channels: 3, height: 2, width: 3))
        #expect(pair.train.classNames == ["cat", "dog"])
        #expect(pair.train.labels() == [0, 0, 1] && pair.test.labels() == [0, 1])
        // Plane after plane; the file has pixel after pixel.
        let pixels = try Picture(decoding: Fixture.bytes("rgb.png"), channels: 3, path: "").pixels
        let planes = (0..<3).flatMap { c in (0..<6).map { Float(pixels[3 * $0 + c]) / 255 } }
        #expect(pair.train.read([2]).images == planes)
        #expect(try open(["channels": "1"]).train.shape == ImageShape(channels: 1, height: 2, width: 3))
        let note =
            "train: 1 files that do not end in .png, .jpg or .jpeg are not read, such as DATA/train/cat/notes.txt"
        #expect(pair.notes.first == .fact("DATA/\(note)".replacing("DATA", with: "\(folder.path)/data")))
    }

    @Test func aPictureThatIsNotReadIsWarnedOf() throws {
        try put("rgb.png", "a/1.png", "b/1.png", "a/.hidden.png", ".cache/1.png")
        try folder.write([1], to: "data/labels.csv")
        try folder.write([1], to: "data/b/2.webp")
        let pair = try open()
        #expect(pair.train.count + pair.test.count == 2)
        #expect(pair.notes.first?.isWarning == true)
        #expect(
            pair.notes.first?.text.hasSuffix(
                "2 files that do not end in .png, .jpg or .jpeg are not read, such as "
                    + "\(folder.path)/data/b/2.webp") == true)
    }

    @Test func theTestFolderIsAChoice() throws {
        try put("rgb.png", "train/a/1.png", "train/b/1.png", "val/a/1.png", "test/b/1.png", "test/b/2.png")
        let pair = try open()
        #expect(pair.test.labels() == [1, 1] && pair.heldOutShare == nil)
        let note = "data/test is the test split, of \(folder.path)/data/val nothing is read"
        #expect(pair.notes.contains { $0.text.hasSuffix(note) })
        let other = try open(["test": folder.path + "/data/val"])
        #expect(other.train.count == 2 && other.test.labels() == [0])
        #expect(message(["test": folder.path + "/no"]) == "no is missing: there is no such folder")
    }

    /// Vehicles: a class may have the name of a split.
    @Test func aClassMayBeCalledTrain() throws {
        try put("rgb.png", "car/1.png", "car/2.png", "train/1.png", "train/2.png")
        #expect(try open().train.classNames == ["car", "train"])
    }

    @Test func clientsAreFoldersIfSaid() throws {
        try put("rgb.png", "ann/x/1.png", "ann/x/2.png", "ann/y/1.png", "bob/y/1.png", "cy/x/1.png", "cy/z/1.png")
        #expect(
            message() == "data/CLASS/*.png, *.jpg or *.jpeg is missing: there are no pictures; dataset option "
                + "clients=folders reads FOLDER/CLIENT/CLASS")
        let pair = try open(["clients": "folders"])
        #expect(pair.train.classNames == ["x", "y", "z"] && pair.test.count == 1)
        // Of one in three and one in two, none is a tenth: the largest client gives the one that is needed.
        #expect(pair.train.origins == SampleOrigins(kind: "folder", counts: [2, 1, 2]))
        let natural = try Partitions.standard.named("natural", PartitionSettings())
        let partition = try natural.partition(pair.train, clients: 3, seed: 1)
        #expect((0..<3).map { partition.count(of: $0) } == [2, 1, 2])
        // Tests by class, or by client and class.
        try put("rgb.png", "../t/x/1.png", "../u/dan/z/1.png")
        let flat = try open(["clients": "folders", "test": folder.path + "/t"])
        #expect(flat.train.labels() == [0, 0, 1, 1, 0, 2] && flat.test.labels() == [0])
        #expect(flat.train.origins?.counts == [3, 1, 2])
        #expect(try open(["clients": "folders", "test": folder.path + "/u"]).test.labels() == [2])
        try folder.write([1], to: "data/eve/x/notes.txt")
        #expect(message(["clients": "folders"]) == "data/eve: is a client's folder without pictures")
    }

    @Test func everyClientKeepsItsShare() throws {
        for picture in 0..<20 { try put("rgb.png", "ann/x/\(picture).png") }
        for picture in 0..<10 { try put("rgb.png", "bob/y/\(picture).png") }
        let pair = try open(["clients": "folders", "test-share": "0.3"])
        #expect(pair.train.origins?.counts == [14, 7])
        #expect(pair.train.labels() == [Int32](repeating: 0, count: 14) + [Int32](repeating: 1, count: 7))
        #expect(pair.test.labels().count { $0 == 1 } == 3)
    }

    @Test func withoutTestPicturesAShareIsHeldOut() throws {
        for picture in 0..<10 { try put("rgb.png", "a/\(picture).png", "b/\(picture).png") }
        let pair = try open(["test-share": "0.2"])
        #expect(pair.train.count == 16 && pair.test.count == 4 && pair.heldOutShare == 0.2)
    }

    @Test func picturesOfTwoSizesSayWhatToAdd() throws {
        try put("rgb.png", "a/1.png", "a/2.png")
        try put("noise.png", "b/1.png")
        #expect(
            message()
                == "data/b/1.png: is 7×11, and data/a/1.png is 2×3; dataset option resize=HxW brings all to one size")
        let pair = try open(["resize": "4x5"])
        #expect(pair.train.shape == ImageShape(channels: 3, height: 4, width: 5))
    }

    @Test func aChangedFolderIsReadAgain() throws {
        try put("rgb.png", "a/1.png", "b/1.png")
        #expect(try open().train.count + open().test.count == 2)
        try put("rgb.png", "b/2.png")
        #expect(try open().train.count + open().test.count == 3)
        // One copy, made anew.
        #expect(try folder.names(in: "cache").count { !$0.hasSuffix(".lock") } == 1)
        try put("grey.png", "b/2.png")
        let pair = try open(["test-share": "0.3", "seed": "1"])
        let all = [pair.train, pair.test].flatMap { split in split.read((0..<UInt32(split.count)).map { $0 }).images }
        let expected = try [Fixture.bytes("rgb.png"), Fixture.bytes("grey.png")].map { bytes in
            try Picture(decoding: bytes, channels: 3, path: "").pixels.map { Float($0) / 255 }
        }
        #expect(all.sorted() == (expected[0] + expected[0] + expected[1]).sorted())
    }

    @Test func whatIsNoFolderOfPicturesIsRefused() throws {
        #expect(message().hasPrefix("data is missing: 'images' needs a folder"))
        try put("rgb.png", "1.png")
        #expect(message() == "data/CLASS/ is missing: pictures are in a folder for each class")
        try folder.write([1], to: "data/a/readme.txt")
        #expect(message().hasSuffix("there are no pictures"))
        try folder.write([1, 2, 3], to: "data/a/1.png")
        #expect(message() == "data/a/1.png: is neither PNG nor JPEG")
        #expect(message(["resize": "32"]).contains("HxW") && message(["channels": "2"]).contains("channels"))
        try folder.remove("data/a")
        try put("rgb.png", "train/a/1.png", "test/b/1.png")
        #expect(message() == "data/test/b: is none of the classes to train on")
    }
}
