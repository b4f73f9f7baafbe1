/// The number of threads that one pass of a model may use.
public enum ThreadCount {
    /// Accepted numbers. The upper end is far beyond any use; it exists because OpenMP starts as many threads as it is
    /// told, and crashes where the system has no room for them.
    public static let range = 1...1024

    /// The range in words, to end the sentence "it must be …".
    public static let words = "from \(range.lowerBound) to \(range.upperBound)"
}
