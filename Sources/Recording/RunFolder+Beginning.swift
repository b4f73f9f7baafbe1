import Files
public import Foundation
import Records

extension RunFolder {
    /// The name of a file that no run leaves in a folder without `config.json`: the folder is somebody's, and
    /// no run's.
    ///
    /// A run that was killed before it wrote its settings, or is about to, has no more than its partition, its
    /// times and checkpoints. A sweep that finds such a folder, and `fedmpi watch`, ask here first.
    ///
    /// - Returns: the first such name; nil when there is none, and the folder may be that of a run which has
    ///   yet to begin.
    /// - Throws: when the folder cannot be read.
    public static func foreignFile(in folder: URL) throws -> String? {
        var own = [PartitionFile.name, TimingFiles.folder, "config.json"] + CheckpointFiles.names
        if isLogEmpty(in: folder) { own.append(RecordFormat.roundLogName) }
        // What is written as a whole has such a name before it has its own.
        return try FileManager.default.contentsOfDirectory(atPath: folder.path)
            .filter { !own.contains($0) && !$0.hasPrefix(".dat.nosync") && !$0.hasSuffix(".draft") }.min()
    }

    /// What a folder of results is that is no run's, with what to ask instead; nil where it is none of those.
    public static func otherKind(of folder: URL) -> String? {
        func has(_ name: String) -> Bool {
            FileManager.default.fileExists(atPath: folder.appendingPathComponent(name).path)
        }
        let name = folder.standardizedFileURL.lastPathComponent
        if has("runs"), has("table.csv") {
            return
                "it is a sweep's, which table.md and `fedmpi compare \(name)` explain, and `fedmpi report` each run in its "
                + "runs/"
        }
        if has("fleet.json") { return "it is of `fedmpi serve`, whose outcome is in its fleet.json" }
        return nil
    }

    /// Whether the log in a folder is that of a run that has not finished a round.
    private static func isLogEmpty(in folder: URL) -> Bool {
        (try? ReceivedFile.contents(folder.appendingPathComponent(RecordFormat.roundLogName))) == RecordLog.empty
    }
}
