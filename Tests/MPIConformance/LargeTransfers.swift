import MPI
import MPITesting

/// Checks transfers of more than 2³¹ − 1 bytes and elements, each in turn, so that about 8 GiB are in use.
func checkLargeTransfers(_ world: any Communicator) throws {
    let checks = Checklist()
    let past = 1 << 31 + 13
    guard world.size == 2 else { throw Failed(description: "--large is for 2 ranks") }

    checks.title = "broadcast of \(past) bytes"
    var data = Buffer<UInt8>(count: past)
    if world.rank == 0 { data.mark(0..<past, seed: 1) }
    try world.broadcast(&data, root: 0)
    data.check(0..<past, seed: 1, checks)

    checks.title = "non-blocking broadcast of \(past) bytes"
    if world.rank == 1 { data.mark(0..<past, seed: 2) }
    data = try world.startBroadcast(data, root: 1).wait()
    data.check(0..<past, seed: 2, checks)

    checks.title = "largest of \(past) bytes"
    data.mark(0..<past, seed: UInt8(3 + world.rank))
    try world.allReduce(&data, .maximum)
    data.check(0..<past, seed: 4, checks)

    checks.title = "message of \(past) bytes"
    if world.rank == 0 {
        data.mark(0..<past, seed: 5)
        try world.send(data, to: 1, tag: 1)
    } else {
        let found = try world.probe(from: 0, tag: 1)
        checks.expectEqual(found.byteCount, past, "probed length")
        let status = try world.receive(into: &data, from: 0, tag: 1)
        checks.expectEqual(status.byteCount, past, "received length")
        data.check(0..<past, seed: 5, checks)
    }
    data = Buffer(count: 0)

    checks.title = "message of 2²⁹ + 1 floats"
    var floats = Buffer<Float>(count: 1 << 29 + 1)
    if world.rank == 0 {
        floats[floats.count - 1] = 7
        try world.send(floats, to: 1, tag: 1)
    } else {
        try world.receive(into: &floats, from: 0, tag: 1)
        checks.expectEqual(floats[floats.count - 1], 7, "the last element")
        checks.expectEqual(floats[floats.count - 2], 0, "the last but one")
    }
    floats = Buffer(count: 0)

    for counts in [[1 << 30 + 7, 1 << 30 + 11], [1 << 31 - 3, 1000]] {
        for root in 0..<2 {
            checks.title = "gatherv of \(counts) bytes to rank \(root)"
            let own = counts[world.rank]
            var send = Buffer<UInt8>(count: own)
            send.mark(0..<own, seed: UInt8(6 + world.rank))
            let room = world.rank == root ? counts[0] + counts[1] : 0
            let all = try world.startGatherv(send, into: Buffer(count: room), counts: counts, root: root).wait()
            if world.rank == root {
                all.receive.check(0..<counts[0], seed: 6, checks)
                all.receive.check(counts[0]..<counts[0] + counts[1], seed: 7, checks)
            }
        }
    }
    try report(checks.passed, checks.failures, world)
}

extension Buffer where Element == UInt8 {
    /// Writes marks into a range of zeros: at its ends, about where transfers are cut, and now and then between.
    mutating func mark(_ range: Range<Int>, seed: UInt8) {
        for i in marks(range) { self[i] = seed }
    }

    /// Checks the marks, and the bytes behind them, which are none.
    borrowing func check(_ range: Range<Int>, seed: UInt8, _ checks: Checklist) {
        let marks = Set(marks(range))
        let wrong = marks.filter { self[$0] != seed }.min()
        checks.expect(wrong == nil, "byte \(wrong ?? 0) is not \(seed)")
        let dirty = marks.map { $0 + 1 }.filter { range.contains($0) && !marks.contains($0) && self[$0] != 0 }.min()
        checks.expect(dirty == nil, "byte \(dirty ?? 0) is not 0")
    }

    private borrowing func marks(_ range: Range<Int>) -> [Int] {
        let cuts = [0, 1 << 30, 1 << 31, range.count].flatMap { ($0 - 2)...($0 + 2) }
        let between = stride(from: 0, to: range.count, by: 1_000_003)
        return (cuts + between).filter { $0 >= 0 && $0 < range.count }.map { range.lowerBound + $0 }
    }
}
