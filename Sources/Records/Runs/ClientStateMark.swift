#if canImport(Glibc)
import Glibc
#else
import Musl
#endif

/// A position in the files of what clients keep between rounds, which a run can be continued from.
public struct ClientStateMark: Codable, Sendable, Equatable {
    /// The file that is written: each holds what was live in the one before it.
    public var generation: Int
    /// Records up to the position.
    public var records: Int

    public init(generation: Int, records: Int) {
        self.generation = generation
        self.records = records
    }

    /// The file of a generation in a run's folder.
    package static func path(_ folder: String, _ generation: Int) -> String {
        "\(folder)/client-states.\(generation)"
    }

    /// Deletes the files in a run's folder that none of these positions is in, but for newer ones.
    public static func removeFiles(in folder: String, notNeededBy marks: [ClientStateMark]) {
        let needed = Set(marks.map(\.generation))
        var old = (needed.max() ?? 1) - 1
        while old >= 1 {
            if !needed.contains(old), unlink(path(folder, old)) != 0 { return }
            old -= 1
        }
    }
}
