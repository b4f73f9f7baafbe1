import FedCore
import Records

#if canImport(Glibc)
import Glibc
#else
import Musl
#endif

/// What clients keep between rounds (control variates, personal models, residuals), held at the server in a file, so
/// that memory does not grow with the clients and any rank can train any client. A lost rank takes no state with it.
///
/// On real devices a state would stay where it is; here it goes to whichever rank trains the client, and comes back
/// behind its update. It is therefore no upload in a round's record.
///
/// The file only grows: a round's states are appended (``stage(_:_:)``), and become the clients' when the round counts
/// (``commit()``). A checkpoint names a position in it (``ClientStateMark``) instead of copying it, and what lies
/// behind that position is forgotten on a resume. When three quarters of it are out of date, what is live is copied
/// into a file of the next generation; `ClientStateMark.removeFiles` deletes those that no checkpoint needs.
///
/// ```
/// 0   magic "FEDMPIST"   8  version UInt32   12  0   16  floats in a state UInt64   24  0 …
/// 64  records: client UInt32, CRC-32C of the record UInt32, 0 UInt64, the floats
/// ```
///
/// Little-endian. Memory: one record, and a dictionary entry for each client that has a state. Used from one thread.
public final class ClientStates {
    /// Length of a state.
    let floats: Int
    /// The folder of the files.
    let folder: String
    /// Whether the folder is deleted with this object.
    private let isTemporary: Bool
    /// The current generation's file.
    private var file: StateFile
    /// Number of the current file, from 1.
    private var generation: Int
    /// Records that count, from the file's beginning.
    private var committed = 0
    /// Record of each client that has a state.
    private var recordOfClient: [Int: Int] = [:]
    /// Error of a place that cannot throw (``mark``); thrown by the next commit.
    private var failure: ClientStatesError?
    /// Clients of the round under way, in the order of their records, which lie behind the committed ones.
    private var staged: [Int] = []

    /// Makes a new file, or continues one from a mark, whose records it reads through.
    /// - Parameters:
    ///   - floats: length of a state.
    ///   - folder: where the files are kept; nil keeps them in a temporary folder as long as this object lives.
    ///   - mark: position to continue from; nil starts with a new file.
    /// - Throws: `ClientStatesError` when the file is missing, of another run, too short or not to be made.
    init(floats: Int, in folder: String?, from mark: ClientStateMark? = nil) throws(ClientStatesError) {
        self.floats = floats
        isTemporary = folder == nil
        if let folder { self.folder = folder } else { self.folder = try Self.makeTemporaryFolder() }
        generation = mark?.generation ?? 1
        let path = ClientStateMark.path(self.folder, generation)
        guard let mark else {
            file = try StateFile(creating: path, floats: floats)
            return
        }
        file = try StateFile(opening: path, floats: floats)
        for record in 0..<mark.records { recordOfClient[try file.client(of: record)] = record }
        committed = mark.records
    }

    /// Reads a client's state; zeros when it has none yet. O(floats), one read of the file.
    /// - Parameter state: `[floats]`.
    /// - Throws: `ClientStatesError` when the record's checksum is wrong or the file is cut off.
    func read(_ client: Int, into state: inout MutableSpan<Float>) throws(ClientStatesError) {
        precondition(state.count == floats)
        guard let record = recordOfClient[client] else {
            for i in 0..<floats { state[unchecked: i] = 0 }
            return
        }
        try file.read(record, of: client, into: &state)
    }

    /// Appends the state that a client has at the end of the round under way; it does not count before ``commit()``.
    /// O(floats), one write.
    func stage(_ client: Int, _ state: Span<Float>) throws(ClientStatesError) {
        precondition(state.count == floats)
        try file.write(state, of: client, to: committed + staged.count)
        staged.append(client)
    }

    /// Makes the staged states the clients' current ones. O(staged clients); now and then O(live states), when the file
    /// is compacted.
    func commit() throws(ClientStatesError) {
        if let failure { throw failure }
        for (i, client) in staged.enumerated() { recordOfClient[client] = committed + i }
        committed += staged.count
        staged.removeAll(keepingCapacity: true)
        if committed >= 4 * recordOfClient.count + 64 { try compact() }
    }

    /// Forgets the staged states, because the round is repeated.
    func discard() {
        staged.removeAll(keepingCapacity: true)
    }

    /// The position after the last committed round; everything before it has been synchronised to disk when this
    /// returns. An error is kept for the next commit.
    var mark: ClientStateMark {
        do {
            try file.remakeIfGone()
            try file.synchronize()
        } catch {
            failure = error
        }
        return ClientStateMark(generation: generation, records: committed)
    }

    /// Makes a folder in `TMPDIR` that nobody else can have made.
    private static func makeTemporaryFolder() throws(ClientStatesError) -> String {
        let parent = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array("\(parent)/fedmpi-states-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw ClientStatesError(path: parent, reason: String(cString: strerror(errno)))
        }
        return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit {
        guard isTemporary else { return }
        for generation in 1...generation { unlink(ClientStateMark.path(folder, generation)) }
        rmdir(folder)
    }

    /// Copies the live states into a file of the next generation, in the order of clients. The old file stays: a
    /// checkpoint may name it.
    private func compact() throws(ClientStatesError) {
        let next = try StateFile(creating: ClientStateMark.path(folder, generation + 1), floats: floats)
        var state = [Float](repeating: 0, count: floats)
        var records: [Int: Int] = [:]
        for (client, record) in recordOfClient.sorted(by: { $0.key < $1.key }) {
            var span = state.mutableSpan
            try file.read(record, of: client, into: &span)
            try next.write(state.span, of: client, to: records.count)
            records[client] = records.count
        }
        file = next
        generation += 1
        committed = records.count
        recordOfClient = records
    }
}

/// A file of clients' states cannot be used: missing, damaged, of another run, or on a full disk.
struct ClientStatesError: Error, CustomStringConvertible {
    let path: String
    /// Why, in plain words, as a clause.
    let reason: String

    var description: String { "the clients' states '\(path)' cannot be used: \(reason)" }
}
