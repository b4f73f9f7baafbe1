import Federation
import Testing

@testable import SplitLearning

@Suite struct ServiceOrderTests {
    static func sequence(_ steps: [Int: Int], seed: UInt64 = 1, round: Int = 1) -> [Int] {
        var order = ServiceOrder(steps.map { (client: $0, steps: $1) }, seed: seed, RoundID(round))
        var sequence: [Int] = []
        while let next = order.next {
            sequence.append(next)
            order.take(next)
        }
        return sequence
    }

    @Test func `Clients with equal steps take turns`() {
        let sequence = Self.sequence([0: 4, 1: 4, 2: 4])
        #expect(sequence.count == 12)
        for turn in stride(from: 0, to: 12, by: 3) { #expect(Set(sequence[turn..<turn + 3]) == [0, 1, 2]) }
    }

    @Test func `A client's steps are spread evenly over the round`() {
        // Due at 1/8, 3/8, 5/8, 7/8 and at 1/4, 3/4.
        #expect(Self.sequence([7: 4, 3: 2]) == [7, 3, 7, 7, 3, 7])
    }

    @Test func `Nobody has the server to itself at the end`() {
        let sequence = Self.sequence([0: 100, 1: 10, 2: 10])
        #expect(Set(sequence.suffix(12)).count == 3)
        #expect(sequence.count { $0 == 0 } == 100)
    }

    @Test func `The seed orders those that are due at the same time, anew in each round`() {
        let steps = Dictionary(uniqueKeysWithValues: (0..<20).map { ($0, 1) })
        let first = Self.sequence(steps)
        #expect(first == Self.sequence(steps))
        #expect(first != Self.sequence(steps, round: 2))
        #expect(first != Self.sequence(steps, seed: 2))
        #expect(first != first.sorted())
    }

    @Test func `A client that is removed, or has no steps, is not waited for`() {
        var order = ServiceOrder([(0, 2), (1, 2), (2, 0)], seed: 1, RoundID(1))
        order.remove(0)
        #expect(order.next == 1)
        order.take(1)
        order.take(1)
        #expect(order.isEmpty && order.next == nil)
    }
}
