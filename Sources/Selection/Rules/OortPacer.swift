import FedCore

/// Oort's pacer, which decides how slow a client may be before its utility is cut, as a percentile of the
/// durations.
///
/// It prefers fast clients as long as they are useful, and lets slower ones in when of two windows of rounds,
/// one behind the other, the later has gathered less utility.
struct OortPacer: Equatable, Sendable {
    /// Number of times that it has let slower clients in.
    private var steps = 0
    /// Number of rounds of the window that is under way.
    private var rounds = 0
    /// Utility that this window has gathered.
    private var gathered = 0.0
    /// Utility of the window before; nil in the first window.
    private var before: Double?

    /// Range of the sums, so that a state that was written can be read again.
    private static let sums = 0...1e300

    init() {}

    /// The percentile that is preferred: `pace` at first, more with each step, and 100 at most.
    func percent(pace: Double) -> Double {
        min(pace * Double(steps + 1), 100)
    }

    /// Takes a round in.
    ///
    /// - Parameters:
    ///   - utility: sum of the utilities of the round's participants, ≥ 0.
    ///   - window: length of a window in rounds, ≥ 1.
    mutating func learn(utility: Double, window: Int) {
        gathered = min(gathered + utility, Self.sums.upperBound)
        rounds += 1
        guard rounds >= window else { return }
        if let before, before > gathered { steps += 1 }
        (before, gathered, rounds) = (gathered, 0, 0)
    }

    /// Writes the state: four words, or five with a window before.
    func write(to writer: inout StateWriter) {
        writer.write(steps)
        writer.write(rounds)
        writer.write(gathered)
        writer.write(before)
    }

    /// Reads what ``write(to:)`` wrote.
    ///
    /// - Throws: `ConfigurationError` when the bytes are not that.
    init(_ reader: inout StateReader) throws(ConfigurationError) {
        steps = try reader.integer(in: 0...Int(UInt32.max))
        rounds = try reader.integer(in: 0...Int(UInt32.max))
        gathered = try reader.number(in: Self.sums)
        before = try reader.optional(in: Self.sums)
    }
}
