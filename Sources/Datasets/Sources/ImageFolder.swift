public import FedCore

/// Pictures in a folder for each class, PNG or JPEG.
///
/// Written `images:FOLDER`. Classes are the folders' names, in the order of their UTF-8. With `train/` in FOLDER, the
/// folders of classes are in it, and `test/`, `val/` or `valid/` beside it is the test split. Options:
///
/// - `test=FOLDER`: the folder of the test split. Without any, `test-share` (0.1) of the pictures is held out, drawn from
///   `seed`, by default the run's.
/// - `resize=HxW`: brings all pictures to one size (``Picture/resized(height:width:)``); without it they must have one.
/// - `channels`: 3 (colour, the default) or 1 (grey), whatever the files have.
/// - `clients=folders`: one level more, FOLDER/CLIENT/CLASS/x.png: the clients of `--partition natural`.
///
/// Bytes are divided by 255. The pictures are decoded once for each host into the cache, from which all ranks map them:
/// a byte for each number.
public struct ImageFolder: DatasetSource {
    public static let name = "images"
    public static let usage = ":FOLDER"
    public static let summary = """
        PNG and JPEG pictures, a folder for each class, in train/ and test/ or val/ if there are these; options \
        test=FOLDER, resize=HxW, channels=3|1, clients=folders (FOLDER/CLIENT/CLASS), test-share (0.1), seed
        """

    public static let takesSeed = true

    private let folder: String
    /// Folder of the test split that the user names.
    private let testFolder: String?
    private let size: ImageShape?
    private let channels: Int
    private let isByClient: Bool
    private let testShare: Double
    private let seed: UInt64?

    /// Takes the folder and the options; see the type.
    ///
    /// - Throws: `ConfigurationError` when the folder is missing or an option is not accepted.
    public init(_ argument: String?, options: inout OptionReader) throws(ConfigurationError) {
        folder = try Self.path(argument, "folder")
        testFolder = options.text("test", "a folder with the test split; without one, test-share is held out")
        let form = "HxW with sides of 1 to 4096, e.g. 32x32"
        size = try options.text("resize", form).map { text throws(ConfigurationError) in
            guard let shape = ImageShape("1x" + text, largestSide: 4096) else {
                throw options.refusal(of: "resize", form)
            }
            return shape
        }
        channels = try options.choice("channels", default: "3", of: ["3", "1"]) == "3" ? 3 : 1
        isByClient = try options.choice("clients", default: "none", of: ["none", "folders"]) == "folders"
        testShare = try options.number("test-share", default: 0.1, "between 0 and 1") { $0 > 0 && $0 < 1 }
        seed = try TableForm.seed(&options)
    }

    /// Lists the pictures, and decodes them the first time on a host.
    ///
    /// - Throws: ``DatasetError`` when there are no pictures, one is damaged, or their sizes differ.
    /// - Complexity: O(pictures), and O(pixels) the first time.
    public func open(_ options: DatasetOptions) throws -> DatasetPair {
        guard FileSystem.isFolder(folder) else {
            throw DatasetError.missing(
                file: folder, remedy: "'\(Self.name)' needs a folder with a folder for each class")
        }
        let cache = Cache(folder: options.cacheFolder)
        let known = options.classNames.isEmpty ? nil : options.classNames
        let splits = splits()
        let (train, notes) = try split(splits.train, classes: known, cache)
        guard let test = splits.test else {
            return try train.holdingOut(testShare, seed: seed ?? options.seed).noting(notes)
        }
        let (tested, testNotes) = try split(test, classes: train.classNames, cache)
        return try train.tested(on: tested).noting(notes + testNotes + splits.notes)
    }

    /// The folders of the two splits, and a remark on a third one. No test folder: a share is held out.
    private func splits() -> (train: String, test: String?, notes: [DatasetNote]) {
        // A class may be called so, too; it has pictures in it.
        let train = PictureList.folderNames(in: "\(folder)/train").isEmpty ? folder : "\(folder)/train"
        if let testFolder { return (train, testFolder, []) }
        guard train != folder else { return (train, nil, []) }
        let tests = ["test", "val", "valid"].map { "\(folder)/\($0)" }.filter { FileSystem.isFolder($0) }
        let notes = tests.dropFirst().map {
            DatasetNote.fact("\(tests[0]) is the test split, of \($0) nothing is read")
        }
        return (train, tests.first, notes)
    }

    /// A split over the pictures of a folder.
    ///
    /// - Parameter classes: names of the classes that are known; nil: the folders'. A test split need not have the
    ///   level of clients.
    private func split(
        _ folder: String, classes: [String]?, _ cache: Cache
    ) throws(DatasetError) -> (ArrayImages, [DatasetNote]) {
        guard FileSystem.isFolder(folder) else { throw .missing(file: folder, remedy: "there is no such folder") }
        let isFlat = classes.map { Set($0).isSuperset(of: PictureList.folderNames(in: folder)) } ?? false
        let list = try PictureList(folder, isByClient: isByClient && !isFlat, classes: classes)
        let pictures = try DecodedPictures(list, channels: channels, size: size, cache: cache)
        let split = try ArrayImages(
            name: "\(Self.name):\(self.folder)", shape: pictures.shape, images: pictures.images,
            answers: .labels(pictures.labels),
            classes: list.classes.count, classNames: list.classes, range: NumberRange(least: 0, largest: 255),
            scale: 255,
            layout: .chw, dropsUnlabelled: false,
            clients: list.clients.isEmpty ? nil : SampleOrigins(kind: "folder", counts: list.clients))
        guard list.others.count > 0 else { return (split, []) }
        let text =
            "\(folder): \(list.others.count) files that do not end in .png, .jpg or .jpeg are not read, such as "
            + list.others.first.printable
        return (split, [list.others.isPicture ? .warning(text) : .fact(text)])
    }
}
