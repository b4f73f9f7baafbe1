public import Foundation

/// A new folder that only this user can enter (mode 0700), removed with all that is in it when the object ends.
///
/// For programs that write where they are told and follow symbolic links, such as gnuplot: they never get a
/// path in a run's folder.
public final class PrivateFolder {
    /// The folder, for as long as the object lives.
    public let url: URL

    /// Makes the folder below `TMPDIR`, or the system's folder for temporary files, under a name that nobody
    /// can foresee.
    public init() throws(FileError) {
        let parent = FileManager.default.temporaryDirectory.path
        var template = Array("\(parent)/fedmpi-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw FileError("write into", parent) }
        let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        url = URL(fileURLWithPath: path, isDirectory: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }
}
