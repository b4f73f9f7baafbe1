import MPI

/// Blocking collectives: each from every root, at lengths of none, one, few and many elements, in every type.
///
/// Roots other than 0 and empty parts are where defects hide: an in-place reduction at another root crashes
/// some versions of MPICH, and a region without elements has no address. Long transfers show whether parts are
/// cut at the same places on every rank.
///
/// Ranks that are not the root pass empty buffers and empty lists of counts wherever the interface allows it,
/// so that an implementation that looks at them fails here.
extension CommunicatorContract {
    /// The cases of the blocking collectives.
    static let collectives: [ContractCase] =
        perType("broadcast reaches every rank from every root") { try broadcast($0, $1, $2) }
        + perType("gather collects equal parts in rank order") { try gather($0, $1, $2) }
        + perType("gatherv collects unequal parts in rank order") { try gatherv($0, $1, $2) }
        + perType("scatter hands out equal parts in rank order") { try scatter($0, $1, $2) }
        + perType("reduce combines at the root and leaves the others") { try reduce($0, $1, $2) }
        + perType("allReduce combines on every rank") { try allReduce($0, $1, $2) }
        + [
            ContractCase("no rank leaves a barrier before all have come") { world, checks in
                for _ in 0..<10 { try world.barrier() }
                checks.expect(true, "barriers end")
            },
            ContractCase("allReduce combines single numbers") { world, checks in
                let ranks = try world.allReduce(Int64(1), .sum)
                let last = try world.allReduce(Double(world.rank), .maximum)
                checks.expectEqual(ranks, Int64(world.size), "sum of ones")
                checks.expectEqual(last, Double(world.size - 1), "largest rank")
            },
            ContractCase("hostNames gives a name for each rank") { world, checks in
                let names = try world.hostNames()
                checks.expectEqual(names.count, world.size, "names")
                checks.expectEqual(names[world.rank], MPIWorld.hostName, "own name")
            },
        ]

    /// Broadcasts a buffer and a span, and finds the root's elements everywhere.
    private static func broadcast<T: SampleScalar>(
        _ type: T.Type, _ world: any Communicator, _ checks: Checklist
    ) throws {
        for root in 0..<world.size {
            for count in checks.lengths {
                var data = Buffer<T>(T.samples(world.rank, count: count))
                try world.broadcast(&data, root: root)
                checks.expectEqual(data.array(), T.samples(root, count: count), "root \(root), \(count)")
                var array = T.samples(world.rank, count: count)
                var span = array.mutableSpan
                try world.broadcast(&span, root: root)
                checks.expectEqual(array, T.samples(root, count: count), "span, root \(root), \(count)")
            }
        }
    }

    /// Gathers equal parts; ranks other than the root give no room for the result.
    private static func gather<T: SampleScalar>(
        _ type: T.Type, _ world: any Communicator, _ checks: Checklist
    ) throws {
        for root in 0..<world.size {
            for count in checks.lengths {
                let expected = (0..<world.size).flatMap { T.samples($0, count: count) }
                let send = Buffer<T>(T.samples(world.rank, count: count))
                var all = Buffer<T>(count: world.rank == root ? count * world.size : 0)
                try world.gather(send, into: &all, root: root)
                if world.rank == root { checks.expectEqual(all.array(), expected, "root \(root), \(count)") }
            }
        }
    }

    /// Counts of a gatherv, one per rank: none, few and many, in turns.
    ///
    /// - Parameters:
    ///   - size: the number of ranks.
    ///   - longest: the largest count; it also moves the turns, so that over several calls each rank sends
    ///     much, little and nothing.
    static func unequalCounts(_ size: Int, _ longest: Int) -> [Int] {
        (0..<size).map { [longest, 0, 1, longest / 2, 3][($0 + longest) % 5] }
    }

    /// Gathers unequal parts; ranks other than the root know no counts.
    private static func gatherv<T: SampleScalar>(
        _ type: T.Type, _ world: any Communicator, _ checks: Checklist
    ) throws {
        for root in 0..<world.size {
            for longest in 0..<6 {
                let counts = unequalCounts(world.size, longest == 5 ? checks.longest + 1 : longest)
                let expected = (0..<world.size).flatMap { T.samples($0, count: counts[$0]) }
                let send = Buffer<T>(T.samples(world.rank, count: counts[world.rank]))
                var all = Buffer<T>(count: world.rank == root ? expected.count : 0)
                try world.gatherv(send, into: &all, counts: world.rank == root ? counts : [], root: root)
                if world.rank == root { checks.expectEqual(all.array(), expected, "root \(root), \(counts)") }
            }
        }
    }

    /// Scatters equal parts; ranks other than the root have nothing to hand out.
    private static func scatter<T: SampleScalar>(
        _ type: T.Type, _ world: any Communicator, _ checks: Checklist
    ) throws {
        for root in 0..<world.size {
            for count in checks.lengths {
                let isRoot = world.rank == root
                let send = Buffer<T>(isRoot ? (0..<world.size).flatMap { T.samples($0, count: count) } : [])
                var part = Buffer<T>(count: count)
                try world.scatter(send, into: &part, root: root)
                checks.expectEqual(part.array(), T.samples(world.rank, count: count), "root \(root), \(count)")
            }
        }
    }

    /// The result of a reduction, computed with integers on one rank: exact, and by other code than the one
    /// under test.
    ///
    /// - Parameters:
    ///   - type: the type of the result.
    ///   - operation: how elements are combined.
    ///   - size: the number of ranks, each of which gives ``operand(_:_:_:)``.
    ///   - count: the number of elements.
    static func combined<T: SampleScalar>(
        _ type: T.Type, _ operation: ReduceOperation, size: Int, count: Int
    ) -> [T] {
        (0..<count).map { i in
            let column = (0..<size).map { operand($0, i, operation) }
            return switch operation {
            case .sum: T(column.reduce(0, +))
            case .product: T(column.reduce(1, *))
            case .minimum: T(column.reduce(Int.max) { min($0, $1) })
            case .maximum: T(column.reduce(Int.min) { max($0, $1) })
            }
        }
    }

    /// One element that a rank gives to a reduction: 1 or 2 for a product, below 40 otherwise.
    ///
    /// So the results of six ranks fit into a byte, and every order of adding gives the same float.
    static func operand(_ rank: Int, _ i: Int, _ operation: ReduceOperation) -> Int {
        operation == .product ? 1 + (rank + i) % 2 : (rank * 11 + i * 7) % 40
    }

    /// The elements that a rank gives to a reduction.
    static func operands<T: SampleScalar>(
        _ type: T.Type, _ rank: Int, _ operation: ReduceOperation, count: Int
    ) -> [T] {
        (0..<count).map { T(operand(rank, $0, operation)) }
    }

    /// Reduces at every root, and finds the other ranks' operands unchanged.
    ///
    /// Each root sees every length and every operation, though not each pair of them, which would take most of
    /// the contract's time.
    private static func reduce<T: SampleScalar>(
        _ type: T.Type, _ world: any Communicator, _ checks: Checklist
    ) throws {
        // Each root sees every length and every operation, though not each pair of them.
        for root in 0..<world.size {
            for (i, operation) in ReduceOperation.allCases.enumerated() {
                let count = checks.lengths[(root + i) % checks.lengths.count]
                let own = operands(type, world.rank, operation, count: count)
                let result = combined(type, operation, size: world.size, count: count)
                var data = Buffer<T>(own)
                try world.reduce(&data, operation, root: root)
                let what = "\(operation), root \(root), \(count)"
                checks.expectEqual(data.array(), world.rank == root ? result : own, what)
            }
        }
    }

    /// Reduces to all ranks, with each operation at each length.
    private static func allReduce<T: SampleScalar>(
        _ type: T.Type, _ world: any Communicator, _ checks: Checklist
    ) throws {
        for operation in ReduceOperation.allCases {
            for count in checks.lengths {
                var data = Buffer<T>(operands(type, world.rank, operation, count: count))
                try world.allReduce(&data, operation)
                let result = combined(type, operation, size: world.size, count: count)
                checks.expectEqual(data.array(), result, "\(operation), \(count)")
            }
        }
    }
}
