import Testing

@testable import MPI

@Suite struct GatherPlanTests {
    /// What the root of a gather of these counts does with a limit.
    private func plan(
        _ counts: [Int], root: Int, limit: Int, _ body: (inout GatherPlan, borrowing Buffer<Int32>) -> Void
    ) {
        let send = Buffer<Int32>((0..<counts[root]).map { Int32(1000 * root + $0) })
        let receive = Buffer<Int32>(count: counts.reduce(0, +))
        var plan = GatherPlan(
            send.region, into: receive.region, counts: counts, root: root, rank: root, size: counts.count,
            limit: limit)
        body(&plan, receive)
    }

    @Test func `short parts are one call into the result`() {
        plan([0, 2, 1], root: 0, limit: 9) { plan, receive in
            #expect(plan.own == 0)
            #expect(plan.incoming.isEmpty)
            #expect(plan.counts.array() == [0, 2, 1])
            #expect(plan.displacements.array() == [0, 0, 2])
            #expect(plan.target.base == receive.region.base)
        }
    }

    @Test func `a part longer than its share is a message to its place`() {
        // The share of each rank is 9 / 3 = 3.
        plan([2, 4, 3], root: 0, limit: 9) { plan, receive in
            #expect(plan.incoming.map(\.source) == [1])
            #expect(plan.incoming[0].region.count == 4)
            #expect(plan.incoming[0].region.base == receive.region.slice(2, count: 4).base)
            #expect(plan.counts.array() == [2, 0, 3])
            #expect(plan.displacements[0] == 0)
            #expect(plan.displacements[2] == 6)
            #expect(plan.target.base == receive.region.base)
        }
    }

    @Test func `short parts are staged where their places pass the limit`() {
        plan([2, 8, 3], root: 0, limit: 9) { plan, receive in
            #expect(plan.counts.array() == [2, 0, 3])
            #expect(plan.displacements[0] == 0)
            #expect(plan.displacements[2] == 2)
            #expect(plan.target.count == 5)
            #expect(plan.target.base != receive.region.base)
            for i in 0..<5 {
                plan.target.base?.storeBytes(of: Int32(i + 1), toByteOffset: 4 * i, as: Int32.self)
            }
            plan.finish()
            #expect(receive.array() == [1, 2, 0, 0, 0, 0, 0, 0, 0, 0, 3, 4, 5])
        }
    }

    @Test func `the root's own long part is copied`() {
        plan([4, 1], root: 0, limit: 6) { plan, receive in
            #expect(plan.own == 0)
            #expect(plan.outgoing == nil)
            #expect(receive.array() == [0, 1, 2, 3, 0])
        }
    }

    @Test(arguments: [(3, true), (4, false)])
    func `another rank decides by its own count`(count: Int, isShort: Bool) {
        let send = Buffer<Int32>(count: count)
        let nothing = Buffer<Int32>(count: 0)
        let plan = GatherPlan(
            send.region, into: nothing.region, counts: [], root: 0, rank: 1, size: 3, limit: 9)
        #expect(plan.own == (isShort ? 3 : 0))
        #expect((plan.outgoing == nil) == isShort)
    }

    @Test(arguments: [(0, [0]), (1, [1]), (7, [7]), (8, [7, 1]), (21, [7, 7, 7])])
    func `a region falls into parts of at most the limit`(count: Int, lengths: [Int32]) {
        let buffer = Buffer<Double>(count: count)
        let parts = buffer.region.parts(of: 7)
        #expect(parts.map(\.length) == lengths)
        #expect(parts.indices.allSatisfy { parts[$0].base == buffer.region.slice(7 * $0, count: 0).base })
    }
}
