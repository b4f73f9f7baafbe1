import Files
import Foundation

/// Small files of a run's folder that are replaced as a whole. What cannot be written is kept and tried again.
final class RunDocuments {
    private var documents: [(name: String, bytes: [UInt8], isWritten: Bool)] = []

    func put(bytes: [UInt8], as name: String) {
        documents.removeAll { $0.name == name }
        documents.append((name, bytes, false))
    }

    func put(_ value: some Encodable, as name: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        put(bytes: Array(try encoder.encode(value)), as: name)
    }

    /// All of them, into a folder that was made again.
    func writeAgain() {
        for i in documents.indices { documents[i].isWritten = false }
    }

    func flush(into folder: URL, _ troubles: OutputTroubles) {
        for i in documents.indices where !documents[i].isWritten {
            let (name, bytes, _) = documents[i]
            documents[i].isWritten = troubles.attempt(name) {
                try folder.appendingPathComponent(name).replaceContents(with: bytes)
            }
        }
    }
}
