public import FedCore

/// Who sent how much to whom, as the program meant it.
public struct Traffic: Sendable {
    /// One MPI function over all ranks.
    public struct Operation: Sendable, Equatable {
        /// As MPI calls it: `MPI_Igatherv`.
        public let name: String
        /// By all ranks; the root of a collective counts once.
        public let calls: Int
        /// Each byte once, though a sender and a receiver have it.
        public let bytes: Int
        /// From calls to their completion, all ranks together, in microseconds.
        public let total: Int
        /// The longest call, in microseconds.
        public let longest: Int

        /// Microseconds of a call.
        public var mean: Double { calls > 0 ? Double(total) / Double(calls) : 0 }
    }

    /// By name.
    public private(set) var operations: [Operation] = []
    /// Ranks of the job.
    public let rankCount: Int
    /// `[sender][receiver]`, in bytes.
    public private(set) var bytes: [[Int]]
    /// `[sender][receiver]`, in messages.
    public private(set) var messages: [[Int]]
    /// Whether some rank's counts are missing, so that its peers' stand for them.
    public let isPartial: Bool

    /// Nil when no rank left its counts.
    public init?(_ timing: RunTiming) {
        let counts = timing.ranks.compactMap { rank in rank.messages.map { (rank: rank.rank, messages: $0) } }
        self.init(counts, ranks: timing.rankCount)
    }

    /// - Parameter counts: of each rank that left them.
    public init?(_ counts: [(rank: Int, messages: [MessageCount])], ranks: Int) {
        guard !counts.isEmpty else { return nil }
        let highest = counts.map { max($0.rank, $0.messages.map(\.peer).max() ?? 0) }.max() ?? 0
        rankCount = max(ranks, highest + 1)
        let present = Set(counts.map(\.rank))
        isPartial = present.count < rankCount
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
                let isKnown = present.contains(sender)
                bytes[sender][receiver] = (isKnown ? out.bytes : into.bytes)[sender][receiver]
                messages[sender][receiver] = max(out.calls[sender][receiver], into.calls[sender][receiver])
            }
        }
        operations = byName.sorted { $0.key < $1.key }.map { name, tally in
            Operation(
                name: name, calls: tally.calls, bytes: max(tally.bytesOut, tally.bytesIn), total: tally.total,
                longest: tally.longest)
        }
    }

    /// Which way a function moves bytes between a rank and its peer; the root of a collective writes a line to itself.
    private static func isSender(_ operation: String, isRoot: Bool) -> Bool {
        let name = operation.lowercased()
        if name.contains("send") { return true }
        if name.contains("recv") { return false }
        return isRoot == (name.contains("bcast") || name.contains("scatter"))
    }

    /// One function's counts while they are added up.
    private struct Tally {
        var calls = 0
        var bytesOut = 0
        var bytesIn = 0
        var total = 0
        var longest = 0

        /// - Parameter withCalls: false for what the root of a collective tells of its members, whose calls are theirs.
        mutating func add(_ line: MessageCount, withCalls: Bool) {
            bytesOut += line.bytesOut
            bytesIn += line.bytesIn
            guard withCalls else { return }
            calls += line.calls
            total += line.total
            longest = max(longest, line.longest)
        }
    }

    /// Bytes that a rank has sent.
    public func sent(by rank: Int) -> Int { bytes[rank].reduce(0, +) }
    /// Bytes that a rank has received.
    public func received(by rank: Int) -> Int { bytes.reduce(0) { $0 + $1[rank] } }
}
