public import Foundation

/// A new folder of this process alone, for programs that write where they are told; it goes with the object.
public final class PrivateFolder {
    public let url: URL

    /// Below `TMPDIR`, or the system's folder for temporary files.
    public init() throws(FileError) {
        let parent = FileManager.default.temporaryDirectory.path
        var template = Array("\(parent)/fedmpi-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw FileError("write into", parent) }
        let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        url = URL(fileURLWithPath: path, isDirectory: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }
}
