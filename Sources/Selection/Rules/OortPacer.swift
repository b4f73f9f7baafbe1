import FedCore

/// Oort's pacer: which durations are preferred, as a percentile. It prefers fast clients as long as they are useful,
/// and lets slower ones in when two windows of rounds, one behind the other, have gathered less utility in the later.
struct OortPacer: Equatable, Sendable {
    /// How often it has let slower clients in.
    private var steps = 0
    /// Rounds of the window that is under way, and the utility it has gathered.
    private var rounds = 0
    private var gathered = 0.0
    /// Utility of the window before, if there was one.
    private var before: Double?

    private static let sums = 0...1e300

    init() {}

    /// The percentile, `pace` at first and 100 at most.
    func percent(pace: Double) -> Double {
        min(pace * Double(steps + 1), 100)
    }

    /// Takes a round in.
    /// - Parameter window: in rounds.
    mutating func learn(utility: Double, window: Int) {
        gathered = min(gathered + utility, Self.sums.upperBound)
        rounds += 1
        guard rounds >= window else { return }
        if let before, before > gathered { steps += 1 }
        (before, gathered, rounds) = (gathered, 0, 0)
    }

    func write(to writer: inout StateWriter) {
        writer.write(steps)
        writer.write(rounds)
        writer.write(gathered)
        writer.write(before)
    }

    init(_ reader: inout StateReader) throws(ConfigurationError) {
        steps = try reader.integer(in: 0...Int(UInt32.max))
        rounds = try reader.integer(in: 0...Int(UInt32.max))
        gathered = try reader.number(in: Self.sums)
        before = try reader.optional(in: Self.sums)
    }
}
