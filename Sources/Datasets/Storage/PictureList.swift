import Cryptography
import FedCore

/// The pictures below a folder: a folder for each class, or a folder for each client with these in it.
///
/// Pictures are files that end in `.png`, `.jpg` or `.jpeg`, in upper or lower case. What begins with a dot is passed over;
/// other files are counted. All names are taken in the order of their UTF-8, whatever the machine's language.
struct PictureList {
    let folder: String
    /// Names of the classes, in the order of the labels.
    let classes: [String]
    /// Path of each picture: client by client, class by class.
    private(set) var files: [(path: String, label: Int)] = []
    /// Number of pictures of each client; empty when the folders are those of the classes.
    private(set) var clients: [Int] = []
    /// Number of files that are no pictures, and the first of them, of a kind of pictures that is not read if there is one.
    private(set) var others: (count: Int, first: String, isPicture: Bool) = (0, "", false)

    /// Lists the pictures.
    ///
    /// - Parameters:
    ///   - folder: path of the folder.
    ///   - isByClient: whether the folders in it are those of clients.
    ///   - known: names of the classes that are known already, as for a test split; nil: the folders'.
    /// - Throws: ``DatasetError`` when there is no class, no picture, a client without any, or a folder of no known
    ///   class.
    init(_ folder: String, isByClient: Bool, classes known: [String]?) throws(DatasetError) {
        self.folder = folder
        let form = isByClient ? "CLIENT/CLASS" : "CLASS"
        var loose: [String] = []
        let groups = isByClient ? try Self.folders(in: folder, others: &loose) : [folder]
        var inside: [(group: String, names: [String])] = []
        for group in groups { inside.append((group, try Self.folders(in: group, others: &loose).map(Self.last))) }
        let found = Set(inside.flatMap { $0.names }).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        guard !found.isEmpty else {
            throw .missing(file: "\(folder)/\(form)/", remedy: "pictures are in a folder for each class")
        }
        classes = known ?? found
        guard classes.count <= ArrayImages.mostClasses else {
            throw .malformed(file: folder, reason: "has \(classes.count) folders of classes")
        }
        let labels = Dictionary(classes.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        var deeper: String?
        for (group, names) in inside {
            let before = files.count
            for name in names {
                guard let label = labels[name] else {
                    throw .malformed(file: "\(group)/\(name)", reason: "is none of the classes to train on")
                }
                let (pictures, folders) = Self.pictures(in: "\(group)/\(name)", others: &loose)
                deeper = deeper ?? folders.first
                files += pictures.map { ($0, label) }
            }
            guard isByClient else { continue }
            guard files.count > before else {
                throw .malformed(file: group, reason: "is a client's folder without pictures")
            }
            clients.append(files.count - before)
        }
        guard !files.isEmpty else {
            let hint = deeper != nil && !isByClient ? "; dataset option clients=folders reads FOLDER/CLIENT/CLASS" : ""
            throw .missing(
                file: "\(folder)/\(form)/*.png, *.jpg or *.jpeg", remedy: "there are no pictures\(hint)")
        }
        guard files.count <= Int(UInt32.max) else {
            throw .malformed(file: folder, reason: "holds more than 2^32 - 1 pictures")
        }
        let unread = loose.first { Self.unreadEndings.contains(Self.ending($0)) }
        others = (loose.count, unread ?? loose.first ?? "", unread != nil)
    }

    /// Endings of pictures.
    private static let endings: Set = ["png", "jpg", "jpeg"]
    /// Endings of pictures in formats that are not read.
    private static let unreadEndings: Set = [
        "gif", "bmp", "webp", "tif", "tiff", "ppm", "pgm", "heic", "avif", "jp2", "jfif", "jpe", "svg",
    ]

    private static func ending(_ name: String) -> String {
        name.split(separator: "/").last?.split(separator: ".").dropFirst().last?.lowercased() ?? ""
    }

    private static func last(_ path: String) -> String { path.split(separator: "/").last.map { String($0) } ?? path }

    /// Paths in a folder, without hidden ones.
    private static func paths(in folder: String) -> [String] {
        FileSystem.names(in: folder).filter { !$0.hasPrefix(".") }
            .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }.map { "\(folder)/\($0)" }
    }

    /// Names of the folders in a folder that are not hidden, in order; empty when there is no such folder.
    static func folderNames(in folder: String) -> [String] {
        paths(in: folder).filter { !endings.contains(ending($0)) && FileSystem.isFolder($0) }.map(last)
    }

    /// Paths of the folders in a folder.
    private static func folders(in folder: String, others: inout [String]) throws(DatasetError) -> [String] {
        var folders: [String] = []
        for path in paths(in: folder) {
            guard FileSystem.isFolder(path) else {
                others.append(path)
                continue
            }
            if let scalar = last(path).firstUnprintable {
                throw .malformed(
                    file: folder, reason: "the name of a folder in it holds \(ClassNames.describe(scalar))")
            }
            folders.append(path)
        }
        return folders
    }

    /// Paths of the pictures in a folder, and of the folders in it.
    private static func pictures(in folder: String, others: inout [String]) -> (pictures: [String], folders: [String]) {
        var (pictures, folders): ([String], [String]) = ([], [])
        for path in paths(in: folder) {
            if endings.contains(ending(path)) {
                pictures.append(path)
            } else if FileSystem.isFolder(path) {
                folders.append(path)
            } else {
                others.append(path)
            }
        }
        return (pictures, folders)
    }

    /// A digest of the names, labels, sizes and times of all files, 32 bytes: equal ones have equal pictures.
    ///
    /// - Complexity: one `stat` for each file.
    func state() throws(DatasetError) -> [UInt8] {
        var hash = SHA256()
        for (path, label) in files {
            let numbers = [path.utf8.count, label] + (try OpenFile.status(of: path)).numbers
            hash.update(
                Array(path.utf8)
                    + numbers.flatMap { number in (0..<8).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) } })
        }
        return hash.finalize()
    }
}
