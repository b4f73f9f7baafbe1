#if canImport(Glibc)
import Glibc
#else
import Musl
#endif

/// A position in the files of what clients keep between rounds, from which a run can be continued.
///
/// A checkpoint holds this in the place of the clients' states, so that it does not grow with the clients.
public struct ClientStateMark: Codable, Sendable, Equatable {
    /// The number of the file that is written, from 1: each holds what was live in the one before it.
    public var generation: Int
    /// The number of records up to the position.
    public var records: Int

    /// Makes a mark; it says nothing about what is in the file.
    public init(generation: Int, records: Int) {
        self.generation = generation
        self.records = records
    }

    /// The path of a generation's file in a run's folder.
    package static func path(_ folder: String, _ generation: Int) -> String {
        "\(folder)/client-states.\(generation)"
    }

    /// Deletes the files in a run's folder that none of these positions is in, but for newer ones.
    ///
    /// It goes down from the newest position and stops at the first file that is not there.
    public static func removeFiles(in folder: String, notNeededBy marks: [ClientStateMark]) {
        let needed = Set(marks.map(\.generation))
        var old = (needed.max() ?? 1) - 1
        while old >= 1 {
            if !needed.contains(old), unlink(path(folder, old)) != 0 { return }
            old -= 1
        }
    }
}
