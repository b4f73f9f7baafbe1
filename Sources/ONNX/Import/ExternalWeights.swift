import FedCore
import Foundation

/// The files beside an ONNX file that have its weights: `torch.onnx.export` puts them there unless it is told otherwise.
///
/// What an ONNX file says of them is not trusted: they are in its folder or below, and as long as is said.
struct ExternalWeights {
    /// The ONNX file's folder; nil where a network is not of a file.
    let folder: URL?
    /// How many bytes may still be read, 2 GiB in all: tensors can name the same ones again and again.
    private var left = 1 << 31

    /// Begins with nothing read.
    init(folder: URL?) { self.folder = folder }

    /// Reads a tensor's elements (<https://onnx.ai/onnx/repo-docs/ExternalData.html>).
    /// - Parameters:
    ///   - place: `location`, a path in the folder, `offset`, 0 where it is missing, and `length`, as the ONNX file has
    ///     them.
    ///   - count: number of bytes that the tensor has by its shape.
    ///   - name: the tensor's name, for messages.
    /// - Returns: `count` bytes, little-endian elements.
    /// - Throws: `ConfigurationError` when the file is outside the folder, no regular file, too short, or cannot be
    ///   read, and when more than 2 GiB would be read in all.
    mutating func bytes(
        _ place: [String: String], count: Int, of name: String
    ) throws(ConfigurationError) -> [UInt8] {
        let location = place["location"] ?? ""
        let words = "the weights '\(name.printable)' are in the file '\(location.printable)'"
        guard let folder else { throw ConfigurationError("\(words), which is not at hand") }
        guard let offset = Int(place["offset"] ?? "0"), offset >= 0,
            place["length"].map({ Int($0) == count }) ?? true, count <= left
        else { throw ConfigurationError("\(words), at a place or of a length that cannot be") }
        left -= count
        guard let file = Self.file(location, in: folder) else {
            throw ConfigurationError("\(words), which is outside the folder of the ONNX file")
        }
        let attributes = try? FileManager.default.attributesOfItem(atPath: file.path)
        // A pipe would be waited for.
        guard attributes?[.type] as? FileAttributeType == .typeRegular, let size = attributes?[.size] as? Int else {
            throw ConfigurationError("\(words), which cannot be read")
        }
        guard offset <= size, count <= size - offset else { throw ConfigurationError("\(words), which is too short") }
        guard count > 0 else { return [] }
        guard let handle = try? FileHandle(forReadingFrom: file), (try? handle.seek(toOffset: UInt64(offset))) != nil,
            let data = try? handle.read(upToCount: count), data.count == count
        else { throw ConfigurationError("\(words), which cannot be read") }
        return Array(data)
    }

    /// The file of a location; nil when it is not below the folder, by its name or behind symbolic links.
    /// - Parameters:
    ///   - location: a relative path, as the ONNX file has it.
    ///   - folder: the ONNX file's folder.
    private static func file(_ location: String, in folder: URL) -> URL? {
        guard !location.isEmpty, !location.hasPrefix("/"), !location.split(separator: "/").contains(".."),
            !location.utf8.contains(0)
        else { return nil }
        let root = folder.resolvingSymlinksInPath().path
        let file = folder.appendingPathComponent(location).resolvingSymlinksInPath()
        return file.path.hasPrefix(root.hasSuffix("/") ? root : root + "/") ? file : nil
    }
}
