/// How many threads one pass may be told to use.
public enum ThreadCount {
    /// Far beyond any use: OpenMP makes as many as it is told, and crashes where the system has no room for them.
    public static let range = 1...1024

    /// The range in words.
    public static let words = "from \(range.lowerBound) to \(range.upperBound)"
}
