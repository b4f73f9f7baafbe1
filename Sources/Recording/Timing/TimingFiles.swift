package import FedCore
public import Foundation

/// The names of the files in `results/<run>/timing/`, two for each rank.
public enum TimingFiles {
    /// The folder's name in a run's folder.
    public static let folder = "timing"

    /// `rank_0003.csv`: a line per event.
    public static func events(rank: Int) -> String { "rank_\(padded(rank)).csv" }
    /// `messages_rank_0003.csv`: a line per operation and peer.
    public static func messages(rank: Int) -> String { "messages_rank_\(padded(rank)).csv" }

    /// The starts of a run so far, by rank 0's events: the moment of each, in microseconds since 1970, ascending, and its
    /// place in a distributed trace. Empty without the file. O(its length).
    package static func starts(in run: URL) -> [(epoch: Int, trace: TraceLink?)] {
        let file = run.appendingPathComponent(folder).appendingPathComponent(events(rank: 0))
        guard let handle = try? FileHandle(forReadingFrom: file) else { return [] }
        defer { try? handle.close() }
        var decoder = TimingDecoder()
        while let piece = try? handle.read(upToCount: 1 << 20), !piece.isEmpty {
            decoder.decode([UInt8](piece))
            _ = decoder.takeEvents(epoch: 0)
        }
        let headers = Dictionary(decoder.sessions.map { ($0.header.epoch, $0.header.trace) }) { first, _ in first }
        return headers.sorted { $0.key < $1.key }.map { (epoch: $0.key, trace: $0.value) }
    }

    /// The line that ends the events of a rank that came to its end.
    static let lastLine = Array("# closed\n".utf8)

    /// Waits until these ranks have closed their files, looking every 5 ms. One that has none here is not waited for.
    ///
    /// The report is written after `MPI_Finalize` on rank 0; ranks on other hosts may still write to a shared
    /// file system.
    ///
    /// - Parameters:
    ///   - run: the run's folder.
    ///   - ranks: the ranks to wait for.
    ///   - time: the longest wait; the report then does with what is there.
    public static func waitUntilClosed(in run: URL, ranks: some Sequence<Int>, atMost time: Duration) {
        let files = ranks.map { run.appendingPathComponent(folder).appendingPathComponent(events(rank: $0)) }
        let deadline = ContinuousClock.now + time
        while ContinuousClock.now < deadline, !files.allSatisfy(isClosed) { usleep(5_000) }
    }

    /// Whether a file ends with the closing line; true also where there is no file.
    private static func isClosed(_ file: URL) -> Bool {
        guard let handle = try? FileHandle(forReadingFrom: file) else { return true }
        defer { try? handle.close() }
        guard let size = try? handle.seekToEnd(), size >= lastLine.count,
            (try? handle.seek(toOffset: size - UInt64(lastLine.count))) != nil
        else { return false }
        return (try? handle.readToEnd()).map { Array($0) == lastLine } ?? false
    }

    /// A rank in at least four digits, so that names sort by rank.
    private static func padded(_ rank: Int) -> String {
        String(repeating: "0", count: max(0, 4 - String(rank).count)) + String(rank)
    }
}
