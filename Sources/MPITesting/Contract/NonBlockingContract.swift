import MPI

/// Non-blocking transfers: results, and what a request says at each moment of its life.
///
/// Beside the results of the blocking forms the cases fix what programs build on:
///
/// - Several collectives may be under way at once and be awaited in another order than they were begun in (MPI
///   3.1 §5.12).
/// - A wait with a deadline leaves the request usable. Every wait of the runtime has one, or a look at its
///   peer, because a transfer with a dead peer never completes.
/// - A receive that is withdrawn takes no message, so the next receive gets it.
/// - A receive that has its message is not lost by a withdrawal: the caller gets the message instead.
/// - The room behind a short message stays as it was, and its status has the true length.
extension CommunicatorContract {
    /// The cases of the non-blocking forms.
    static let nonBlocking: [ContractCase] =
        perType("non-blocking collectives do what the blocking ones do") { try startedCollectives($0, $1, $2) }
        + perType("non-blocking messages arrive") { try startedMessages($0, $1, $2) }
        + [
            ContractCase("a model's weights go down and come up") { world, checks in
                let count = checks.longest * 100
                let weights = try world.startBroadcast(
                    Buffer(Float.samples(world.rank, count: count)), root: 0
                ).wait()
                checks.expectEqual(weights.array(), Float.samples(0, count: count), "broadcast")
                let counts = [0] + [Int](repeating: count, count: world.size - 1)
                let room = world.rank == 0 ? count * (world.size - 1) : 0
                let update = Buffer<Float>(Float.samples(world.rank, count: counts[world.rank]))
                let all = try world.startGatherv(update, into: Buffer(count: room), counts: counts, root: 0).wait()
                let expected = (0..<world.size).flatMap { Float.samples($0, count: counts[$0]) }
                if world.rank == 0 { checks.expectEqual(all.receive.array(), expected, "gatherv") }
            },
            ContractCase("several collectives under way at once stay apart") { world, checks in
                let first = try world.startBroadcast(
                    Buffer<Int32>([Int32](repeating: 1, count: checks.longest)), root: 0)
                let second = try world.startAllReduce(Buffer<Int32>([1]), .sum)
                let third = try world.startBroadcast(
                    Buffer<Int32>([Int32](repeating: world.rank == 0 ? 7 : 0, count: checks.longest)), root: 0)
                checks.expectEqual(try third.wait().array(), [Int32](repeating: 7, count: checks.longest), "third")
                checks.expectEqual(try second.wait().array(), [Int32(world.size)], "second")
                checks.expectEqual(try first.wait().array(), [Int32](repeating: 1, count: checks.longest), "first")
            },
            ContractCase("a wait with a deadline says whether the operation is complete", minimumSize: 2) {
                world, checks in
                if world.rank == 0 {
                    var request = try world.startReceive(into: Buffer<Int32>(count: 1), from: 1, tag: 5)
                    let early = try request.wait(until: .now + .milliseconds(2))
                    checks.expect(!early, "complete before the message was sent")
                    checks.expect(request.status == nil, "a status before the message")
                    try world.barrier()
                    let late = try request.wait(until: .now + .seconds(20))
                    checks.expect(late, "the message did not come")
                    checks.expectEqual(request.status, Status(source: 1, tag: 5, byteCount: 4), "status")
                    checks.expectEqual(try request.wait().array(), [42], "message")
                } else {
                    try world.barrier()
                    if world.rank == 1 { try world.send(Buffer<Int32>([42]), to: 0, tag: 5) }
                }
            },
            ContractCase("a cancelled receive takes no message", minimumSize: 2) { world, checks in
                if world.rank == 0 {
                    let request = try world.startReceive(into: Buffer<Int32>(count: 1), from: 1, tag: 6)
                    switch try request.cancel() {
                    case .withdrawn: checks.expect(true, "withdrawn")
                    case .complete: checks.expect(false, "a message before any was sent")
                    }
                }
                try world.barrier()
                if world.rank == 1 { try world.send(Buffer<Int32>([43]), to: 0, tag: 6) }
                if world.rank == 0 {
                    var data = Buffer<Int32>(count: 1)
                    try world.receive(into: &data, from: 1, tag: 6)
                    checks.expectEqual(data[0], 43, "the message for the next receive")
                }
            },
            ContractCase("cancelling a receive that has its message gives the message", minimumSize: 2) {
                world, checks in
                if world.rank == 1 { try world.send(Buffer<Int32>([44]), to: 0, tag: 7) }
                if world.rank == 0 {
                    _ = try world.probe(from: 1, tag: 7)
                    var request = try world.startReceive(into: Buffer<Int32>(count: 1), from: 1, tag: 7)
                    _ = try request.wait(until: .now + .seconds(20))
                    switch try request.cancel() {
                    case .withdrawn: checks.expect(false, "the message is lost")
                    case .complete(let message): checks.expectEqual(message[0], 44, "message")
                    }
                }
            },
        ]

    /// Begins each collective from every root at every length and waits for it; each root sees all operations
    /// in turns.
    ///
    /// The buffers that come back are compared, too: what a transfer only read must be as it was.
    private static func startedCollectives<T: SampleScalar>(
        _ type: T.Type, _ world: any Communicator, _ checks: Checklist
    ) throws {
        for root in 0..<world.size {
            let isRoot = world.rank == root
            for (i, count) in checks.lengths.enumerated() {
                let what = "root \(root), \(count)"
                let own = T.samples(world.rank, count: count)
                let everybodys = (0..<world.size).flatMap { T.samples($0, count: count) }

                try world.startBarrier().wait()
                let sent = try world.startBroadcast(Buffer<T>(own), root: root).wait()
                checks.expectEqual(sent.array(), T.samples(root, count: count), "broadcast, \(what)")

                let room = isRoot ? everybodys.count : 0
                let gathered = try world.startGather(Buffer<T>(own), into: Buffer(count: room), root: root).wait()
                checks.expectEqual(gathered.send.array(), own, "gather's own, \(what)")
                if isRoot { checks.expectEqual(gathered.receive.array(), everybodys, "gather, \(what)") }

                let parts = isRoot ? Buffer<T>(everybodys) : Buffer(count: 0)
                let scattered = try world.startScatter(parts, into: Buffer(count: count), root: root).wait()
                checks.expectEqual(scattered.receive.array(), own, "scatter, \(what)")

                let counts = unequalCounts(world.size, count)
                let expected = (0..<world.size).flatMap { T.samples($0, count: counts[$0]) }
                let unequal = try world.startGatherv(
                    Buffer<T>(T.samples(world.rank, count: counts[world.rank])),
                    into: Buffer(count: isRoot ? expected.count : 0), counts: isRoot ? counts : [], root: root
                ).wait()
                if isRoot { checks.expectEqual(unequal.receive.array(), expected, "gatherv, \(what)") }

                let operations = ReduceOperation.allCases
                let operation = operations[(root + i) % operations.count]
                let operands: [T] = operands(type, world.rank, operation, count: count)
                let result: [T] = combined(type, operation, size: world.size, count: count)
                let reduced = try world.startReduce(Buffer(operands), operation, root: root).wait()
                checks.expectEqual(reduced.array(), isRoot ? result : operands, "reduce \(operation), \(what)")
                let all = try world.startAllReduce(Buffer(operands), operation).wait()
                checks.expectEqual(all.array(), result, "allReduce \(operation), \(what)")
            }
        }
    }

    /// Sends around the ring of ranks: each begins its receive, then its send, then waits, which deadlocks with
    /// blocking calls.
    ///
    /// The receive's buffer is longer than the message; what lies behind it stays zero.
    private static func startedMessages<T: SampleScalar>(
        _ type: T.Type, _ world: any Communicator, _ checks: Checklist
    ) throws {
        let next = (world.rank + 1) % world.size
        let previous = (world.rank + world.size - 1) % world.size
        for count in checks.lengths {
            var receive = try world.startReceive(into: Buffer<T>(count: count + 2), from: previous, tag: 3)
            let send = try world.startSend(Buffer<T>(T.samples(world.rank, count: count)), to: next, tag: 3)
            let arrived = try receive.wait(until: .now + .seconds(20))
            checks.expect(arrived, "\(count) elements did not arrive")
            let bytes = count * T.datatype.byteCount
            checks.expectEqual(receive.status, Status(source: previous, tag: 3, byteCount: bytes), "status")
            let data = try receive.wait()
            let expected = T.samples(previous, count: count) + [T(0), T(0)]
            checks.expectEqual(data.array(), expected, "\(count) elements and untouched room")
            checks.expectEqual(try send.wait().array(), T.samples(world.rank, count: count), "the sent buffer")
        }
    }
}
