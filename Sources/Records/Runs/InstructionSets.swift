/// The instruction set that each rank computes by. It decides the last bits of a result: ranks of different ones give weights
/// that depend on which client was trained where.
public struct InstructionSets: Sendable, Equatable {
    /// That of each rank in rank order, as oneDNN names it, such as `avx2`; empty where a rank does not say.
    private let ofRank: [String]

    /// Takes what each rank says.
    public init(_ ofRank: [String] = []) { self.ofRank = ofRank }

    /// The different ones, in the order of their first rank.
    private var kinds: [String] {
        var seen: Set<String> = []
        return ofRank.filter { !$0.isEmpty && seen.insert($0).inserted }
    }

    /// Which ranks have which, e.g. `avx2 on ranks 0-1, sse41 on rank 2`; nil where all that say so have the same.
    public var difference: String? {
        guard kinds.count > 1 else { return nil }
        return kinds.map { kind in
            let ranks = ofRank.indices.filter { ofRank[$0] == kind }
            return "\(kind) on \(ranks.count == 1 ? "rank" : "ranks") \(Self.ranges(ranks))"
        }.joined(separator: ", ")
    }

    /// Ascending numbers, neighbours as one: `0-2, 5`.
    private static func ranges(_ numbers: [Int]) -> String {
        var ranges: [ClosedRange<Int>] = []
        for number in numbers {
            if let last = ranges.last, last.upperBound + 1 == number {
                ranges[ranges.count - 1] = last.lowerBound...number
            } else {
                ranges.append(number...number)
            }
        }
        return ranges.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }
            .joined(separator: ", ")
    }
}
