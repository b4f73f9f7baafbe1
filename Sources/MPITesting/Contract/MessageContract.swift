import MPI

/// Messages between two ranks: order, matching by source and tag, probes, and slots that are used again and again.
///
/// - Messages of one sender and tag arrive in order, whatever their lengths (MPI 3.1 §3.5): orders to a client
///   depend on it, and a library sends short and long ones by different protocols.
/// - A receive picks its tag among messages that came earlier.
/// - A server that serves whoever comes first probes any source, then receives exactly what it found.
/// - A probe without blocking sees nothing before a message was sent, so a loop around it ends.
/// - A slot reuses its transfer object; the length and status of one message must not show in the next.
/// - A rank may send to itself, as the server does when it trains clients, too.
extension CommunicatorContract {
    /// The cases of point-to-point messages.
    static let messages: [ContractCase] =
        perType("a message arrives whole, with its source, tag and length", minimumSize: 2) {
            try exchange($0, $1, $2)
        }
        + [
            ContractCase("messages of one sender and tag do not overtake each other", minimumSize: 2) {
                world, checks in
                let count = 20
                if world.rank == 1 {
                    for i in 0..<count {
                        try world.send(Buffer<Int32>([Int32](repeating: Int32(i), count: 1 + i * 10)), to: 0, tag: 1)
                    }
                } else if world.rank == 0 {
                    for i in 0..<count {
                        var data = Buffer<Int32>(count: 1 + count * 10)
                        let status = try world.receive(into: &data, from: 1, tag: 1)
                        checks.expectEqual(status.count(of: Int32.self), 1 + i * 10, "length of message \(i)")
                        checks.expectEqual(data[0], Int32(i), "message \(i)")
                    }
                }
            },
            ContractCase("a slot moves one message after another, of any length, to and fro", minimumSize: 2) {
                world, checks in
                guard world.rank < 2 else { return }
                let slot = MessageSlot(byteCount: 8 * checks.longest)
                for (i, length) in [checks.longest, 0, 1, checks.longest, 3].enumerated() {
                    if (i + world.rank) % 2 == 0 {
                        slot.write(Int64.self, at: 0, count: length) { words in
                            for word in words.indices { words[word] = Int64(i * 1_000 + word) }
                        }
                        try slot.startSend(8 * length, to: 1 - world.rank, tag: 40, on: world)
                    } else {
                        try slot.startReceive(from: 1 - world.rank, tag: 40, on: world)
                    }
                    _ = try Backoff.default.wait { () throws(MPIError) in try slot.test() }
                    guard (i + world.rank) % 2 == 1 else { continue }
                    checks.expectEqual(slot.receivedBytes, 8 * length, "length of message \(i)")
                    let isWhole = slot.read(Int64.self, at: 0, count: length) { words in
                        words.indices.allSatisfy { words[$0] == Int64(i * 1_000 + $0) }
                    }
                    checks.expect(isWhole, "message \(i)")
                }
                try slot.startReceive(from: 1 - world.rank, tag: 41, on: world)
                checks.expect(!slot.isIdle, "a receive under way")
                try slot.cancelReceive()
                checks.expect(slot.isIdle, "a receive that was withdrawn")
            },
            ContractCase("a receive picks its tag among waiting messages", minimumSize: 2) { world, checks in
                if world.rank == 1 {
                    for tag in 10..<14 { try world.send(Buffer<Int32>([Int32(tag)]), to: 0, tag: tag) }
                } else if world.rank == 0 {
                    for tag in (10..<14).reversed() {
                        var data = Buffer<Int32>(count: 1)
                        let status = try world.receive(into: &data, from: nil, tag: tag)
                        checks.expectEqual(data[0], Int32(tag), "tag \(tag)")
                        checks.expectEqual(status.tag, tag, "status of tag \(tag)")
                    }
                }
            },
            ContractCase("any source and any tag are found by probe and received", minimumSize: 2) { world, checks in
                if world.rank == 0 {
                    var sources: Set<Int> = []
                    for _ in 1..<world.size {
                        let found = try world.probe()
                        checks.expectEqual(found.tag, 20 + found.source, "tag")
                        checks.expectEqual(found.count(of: Double.self), found.source, "length")
                        var data = Buffer<Double>(count: found.count(of: Double.self))
                        let status = try world.receive(into: &data, from: found.source, tag: found.tag)
                        checks.expectEqual(status, found, "what was probed")
                        checks.expectEqual(data[0], Double(found.source), "data")
                        sources.insert(found.source)
                    }
                    checks.expectEqual(sources, Set(1..<world.size), "senders")
                    checks.expect(try world.iprobe() == nil, "a message too many")
                } else {
                    let data = Buffer<Double>([Double](repeating: Double(world.rank), count: world.rank))
                    try world.send(data, to: 0, tag: 20 + world.rank)
                }
            },
            ContractCase("iprobe sees a message only where one is", minimumSize: 2) { world, checks in
                if world.rank == 0 {
                    checks.expect(try world.iprobe(from: 1, tag: 30) == nil, "a message before any was sent")
                }
                try world.barrier()
                if world.rank == 1 { try world.send(Buffer<UInt8>([1, 2, 3]), to: 0, tag: 30) }
                if world.rank == 0 {
                    var found: Status?
                    _ = try Backoff.default.wait(until: .now + .seconds(20)) {
                        found = try world.iprobe(from: 1, tag: 30)
                        return found != nil
                    }
                    checks.expectEqual(found, Status(source: 1, tag: 30, byteCount: 3), "status")
                    checks.expect(try world.iprobe(from: 1, tag: 31) == nil, "another tag")
                    var data = Buffer<UInt8>(count: 3)
                    try world.receive(into: &data, from: 1, tag: 30)
                    checks.expectEqual(data.array(), [1, 2, 3], "data")
                }
            },
            ContractCase("a rank can send to itself") { world, checks in
                let send = try world.startSend(Buffer<Int64>([5, 6]), to: world.rank, tag: 2)
                var data = Buffer<Int64>(count: 2)
                try world.receive(into: &data, from: world.rank, tag: 2)
                _ = try send.wait()
                checks.expectEqual(data.array(), [5, 6], "data")
            },
        ]

    /// Sends from each rank to rank 0 at every length, into an array that is one element longer.
    ///
    /// The length serves as the tag, so that a message in the wrong place shows in its status, too.
    private static func exchange<T: SampleScalar>(
        _ type: T.Type, _ world: any Communicator, _ checks: Checklist
    ) throws {
        for sender in 1..<world.size {
            for count in checks.lengths {
                if world.rank == sender {
                    let data = T.samples(sender, count: count)
                    try world.send(data.span, to: 0, tag: count)
                } else if world.rank == 0 {
                    var data = [T](repeating: T(0), count: count + 1)
                    var span = data.mutableSpan
                    let status = try world.receive(into: &span, from: sender, tag: count)
                    let bytes = count * T.datatype.byteCount
                    checks.expectEqual(
                        status, Status(source: sender, tag: count, byteCount: bytes), "status of \(count)")
                    checks.expectEqual(data, T.samples(sender, count: count) + [T(0)], "\(count) elements")
                }
            }
        }
    }
}
