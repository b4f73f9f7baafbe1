import Files
import Foundation

/// Small files of a run's folder that are replaced as a whole. What cannot be written is kept and tried again.
final class RunDocuments {
    /// The latest contents of each file, in the order of their last change; they stay in memory after they are
    /// written, for a folder that has to be made again.
    private var documents: [(name: String, bytes: [UInt8], isWritten: Bool)] = []

    /// Gives a file new contents, which ``flush(into:_:)`` writes.
    func put(bytes: [UInt8], as name: String) {
        documents.removeAll { $0.name == name }
        documents.append((name, bytes, false))
    }

    /// Gives a file new contents as JSON with sorted keys.
    func put(_ value: some Encodable, as name: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        put(bytes: Array(try encoder.encode(value)), as: name)
    }

    /// Marks all of them to be written, into a folder that was made again.
    func writeAgain() {
        for i in documents.indices { documents[i].isWritten = false }
    }

    /// Writes what is not written, as far as it goes; each failure is noted under the file's name.
    func flush(into folder: URL, _ troubles: OutputTroubles) {
        for i in documents.indices where !documents[i].isWritten {
            let (name, bytes, _) = documents[i]
            documents[i].isWritten = troubles.attempt(name) {
                try folder.appendingPathComponent(name).replaceContents(with: bytes)
            }
        }
    }
}
