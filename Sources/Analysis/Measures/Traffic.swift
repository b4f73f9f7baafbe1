public import FedCore

/// Who sent how much to whom, as the program meant it, added up over a run from the ranks' message files.
///
/// A broadcast is bytes from its root to each member, whatever tree of ranks MPI makes of it. Each message is in the
/// files of two ranks; here it is once. docs/TIMING.md describes the files, and what is not counted.
public struct Traffic: Sendable {
    /// One MPI function over all ranks.
    public struct Operation: Sendable, Equatable {
        /// The function's name, e.g. `MPI_Igatherv`.
        public let name: String
        /// Number of calls on all ranks: a collective of n ranks counts n times.
        public let calls: Int
        /// Each byte once, though a sender and a receiver have it.
        public let bytes: Int
        /// From calls to their completion, all ranks together, in microseconds; waiting included.
        public let total: Int
        /// Microseconds of the longest call on any rank.
        public let longest: Int

        /// Microseconds of a call, on average; 0 without calls.
        public var mean: Double { calls > 0 ? Double(total) / Double(calls) : 0 }
    }

    /// In alphabetical order of their names.
    public private(set) var operations: [Operation] = []
    /// Ranks of the job: what the timing logs say, or more where some rank or peer in the counts has a higher number.
    public let rankCount: Int
    /// `[sender][receiver]`, in bytes; 0 from a rank to itself. The larger of what both sides tell: a killed rank's counts
    /// are missing, or end before it did.
    public private(set) var bytes: [[Int]]
    /// `[sender][receiver]`, in messages; the larger of what both sides tell. An empty share of a collective counts, so
    /// that there may be messages without bytes.
    public private(set) var messages: [[Int]]
    /// Whether some rank's counts are missing, so that its peers' stand for them. Between two such ranks nothing is
    /// known.
    public let isPartial: Bool

    /// Adds up the counts in a run's timing folder. Nil when no rank left its counts: they are written at a rank's end.
    public init?(_ timing: RunTiming) {
        let counts = timing.ranks.compactMap { rank in rank.messages.map { (rank: rank.rank, messages: $0) } }
        self.init(counts, ranks: timing.rankCount)
    }

    /// Adds up counts. Nil when there are none.
    ///
    /// A line does not say which way its bytes went in a collective: the root has a line to itself, by which it is told
    /// from the members, and the function's name says whether the root sends or receives.
    ///
    /// - Parameters:
    ///   - counts: of each rank that left them; lines with negative ranks or peers are left out.
    ///   - ranks: ranks of the job, by the timing logs.
    /// - Complexity: O(lines + ranks²), and as much memory for the matrices.
    public init?(_ counts: [(rank: Int, messages: [MessageCount])], ranks: Int) {
        guard !counts.isEmpty else { return nil }
        let highest = counts.map { max($0.rank, $0.messages.map(\.peer).max() ?? 0) }.max() ?? 0
        guard highest < Self.most, ranks <= Self.most else { return nil }
        rankCount = max(ranks, highest + 1)
        isPartial = Set(counts.map(\.rank)).count < rankCount
        let none = Array(repeating: [Int](repeating: 0, count: rankCount), count: rankCount)
        // As senders and as receivers tell it.
        var out = (bytes: none, calls: none)
        var into = (bytes: none, calls: none)
        var byName: [String: Tally] = [:]
        for (rank, lines) in counts where rank >= 0 {
            let rootOf = Set(lines.filter { $0.peer == rank }.map(\.operation))
            for line in lines where line.peer >= 0 {
                byName[line.operation, default: Tally()].add(
                    line, withCalls: line.peer == rank || !rootOf.contains(line.operation))
                guard line.peer != rank else { continue }
                if Self.isSender(line.operation, isRoot: rootOf.contains(line.operation)) {
                    out.bytes[rank][line.peer] += line.bytesOut
                    out.calls[rank][line.peer] += line.calls
                } else {
                    into.bytes[line.peer][rank] += line.bytesIn
                    into.calls[line.peer][rank] += line.calls
                }
            }
        }
        bytes = none
        messages = none
        for sender in 0..<rankCount {
            for receiver in 0..<rankCount {
                bytes[sender][receiver] = max(out.bytes[sender][receiver], into.bytes[sender][receiver])
                messages[sender][receiver] = max(out.calls[sender][receiver], into.calls[sender][receiver])
            }
        }
        operations = byName.sorted { $0.key < $1.key }.map { name, tally in
            Operation(
                name: name, calls: tally.calls, bytes: max(tally.bytesOut, tally.bytesIn), total: tally.total,
                longest: tally.longest)
        }
    }

    /// Whether a rank sends bytes to the peer of a line, rather than receives them.
    ///
    /// - Parameters:
    ///   - operation: the MPI function. Of a collective that is neither a broadcast nor a scatter, such as a gather or
    ///     a reduction, the root is the receiver.
    ///   - isRoot: whether the rank has a line of the function to itself, as the root of a collective writes it.
    private static func isSender(_ operation: String, isRoot: Bool) -> Bool {
        let name = operation.lowercased()
        if name.contains("send") { return true }
        if name.contains("recv") { return false }
        return isRoot == (name.contains("bcast") || name.contains("scatter"))
    }

    /// The sums of one function while lines are read.
    private struct Tally {
        /// Calls of all ranks.
        var calls = 0
        /// Bytes by the senders' lines.
        var bytesOut = 0
        /// Bytes by the receivers' lines: the same ones once more, as far as both left counts.
        var bytesIn = 0
        /// Microseconds of all calls.
        var total = 0
        /// Microseconds of the longest call.
        var longest = 0

        /// Adds a line.
        ///
        /// - Parameters:
        ///   - line: from any rank's file.
        ///   - withCalls: false for what the root of a collective tells of its members, whose calls are theirs.
        mutating func add(_ line: MessageCount, withCalls: Bool) {
            bytesOut += line.bytesOut
            bytesIn += line.bytesIn
            guard withCalls else { return }
            calls += line.calls
            total += line.total
            longest = max(longest, line.longest)
        }
    }

    /// Bytes that a rank sent to all others. O(ranks)
    ///
    /// - Parameter rank: in 0 ..< ``rankCount``.
    public func sent(by rank: Int) -> Int { bytes.indices.contains(rank) ? bytes[rank].reduce(0, +) : 0 }
    /// Bytes that a rank received from all others. O(ranks)
    ///
    /// - Parameter rank: in 0 ..< ``rankCount``.
    public func received(by rank: Int) -> Int {
        bytes.indices.contains(rank) ? bytes.reduce(0) { $0 + $1[rank] } : 0
    }

    /// The most ranks of a table: it has the square of that, and a damaged line may name any number.
    private static let most = 4096
}
