/// Names of the files in `results/<run>/timing/`.
public enum TimingFiles {
    public static let folder = "timing"

    /// `rank_0003.csv`: a line per event.
    public static func events(rank: Int) -> String { "rank_\(padded(rank)).csv" }
    /// `messages_rank_0003.csv`: a line per operation and peer.
    public static func messages(rank: Int) -> String { "messages_rank_\(padded(rank)).csv" }

    private static func padded(_ rank: Int) -> String {
        String(repeating: "0", count: max(0, 4 - String(rank).count)) + String(rank)
    }
}
