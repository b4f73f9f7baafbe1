import Devices
import MPI
import MPITesting
import Testing

@testable import Runtime

@Suite struct SlowLinkTests {
    /// Seconds from the start until a transfer of 1,000 bytes is there, on each of two ranks, the second behind a link
    /// of 80 kbit/s: 0.1 s for a message.
    private func seconds(_ body: @escaping @Sendable (any Communicator) throws -> Void) throws -> [Double] {
        try ThreadRanks.run(2) { world in
            let link = Link(megabitsPerSecond: 0.08)
            let communicator: any Communicator = world.rank == 1 ? SlowLink(world, link: link) : world
            let start = ContinuousClock.now
            try body(communicator)
            let duration = ContinuousClock.now - start
            return Double(duration.components.seconds) + Double(duration.components.attoseconds) * 1e-18
        }
    }

    @Test func `What the rank receives is there later, and what it sends leaves later`() throws {
        let down = try seconds { _ = try $0.startBroadcast(Buffer<UInt8>(count: 1000), root: 0).wait() }
        #expect(down[0] < 0.09 && down[1] >= 0.1, "\(down)")
        let up = try seconds { communicator in
            if communicator.rank == 1 {
                _ = try communicator.startSend(Buffer<UInt8>(count: 1000), to: 0, tag: 1).wait()
            } else {
                _ = try communicator.startReceive(into: Buffer<UInt8>(count: 1000), from: 1, tag: 1).wait()
            }
        }
        // Rank 0 may start its clock after rank 1 has sent.
        #expect(up[0] >= 0.08 && up[1] + up[0] >= 0.1, "\(up)")
    }

    @Test func `What arrives is what was sent`() throws {
        let received = try ThreadRanks.run(2) { world -> [UInt8] in
            let communicator: any Communicator =
                world.rank == 1 ? SlowLink(world, link: Link(latencyMilliseconds: 5)) : world
            var buffer = Buffer<UInt8>(count: 2000)
            if world.rank == 0 { for i in 0..<2000 { buffer[i] = UInt8(truncatingIfNeeded: i * 7) } }
            return try communicator.startBroadcast(buffer, root: 0).wait().array()
        }
        #expect(received[1] == (0..<2000).map { UInt8(truncatingIfNeeded: $0 * 7) })
    }

    @Test func `Small messages are not delayed`() throws {
        let small = try seconds { _ = try $0.startBroadcast(Buffer<UInt8>(count: 100), root: 0).wait() }
        #expect(small[1] < 0.09, "\(small)")
    }

    @Test func `Messages one behind another share the bandwidth, and each waits for the latency alone`() throws {
        // 80 kbit/s and 50 ms: three messages of 1,000 bytes are there after 0.1, 0.2 and 0.3 s, and 50 ms.
        let times = try ThreadRanks.run(2) { world -> Double in
            let link = Link(megabitsPerSecond: 0.08, latencyMilliseconds: 50)
            let communicator: any Communicator = world.rank == 1 ? SlowLink(world, link: link) : world
            let start = ContinuousClock.now
            if world.rank == 1 {
                var a = try communicator.startSend(Buffer<UInt8>(count: 1000), to: 0, tag: 1)
                var b = try communicator.startSend(Buffer<UInt8>(count: 1000), to: 0, tag: 1)
                var c = try communicator.startSend(Buffer<UInt8>(count: 1000), to: 0, tag: 1)
                _ = try Backoff.default.wait { () throws in
                    let all = [try a.test(), try b.test(), try c.test()]
                    return all.allSatisfy { $0 }
                }
            } else {
                for _ in 0..<3 { _ = try communicator.startReceive(into: Buffer<UInt8>(count: 1000), from: 1).wait() }
            }
            let duration = ContinuousClock.now - start
            return Double(duration.components.seconds) + Double(duration.components.attoseconds) * 1e-18
        }
        #expect(times[1] >= 0.35 && times[1] < 0.6, "\(times)")
    }

    @Test func `Latencies of messages that come together run together, though they are asked about one by one`() throws
    {
        let times = try ThreadRanks.run(2) { world -> Double in
            let link = Link(latencyMilliseconds: 100)
            let communicator: any Communicator =
                world.rank == 1 ? SlowLink(world, link: link, smallestBytes: 0) : world
            let start = ContinuousClock.now
            if world.rank == 0 {
                for _ in 0..<5 { try communicator.send(Buffer<UInt8>(count: 100), to: 1, tag: 1) }
            } else {
                let slots = (0..<5).map { _ in MessageSlot(byteCount: 100) }
                for slot in slots { try slot.startReceive(from: 0, tag: 1, on: communicator) }
                for slot in slots { _ = try Backoff.default.wait { () throws(MPIError) in try slot.test() } }
            }
            let duration = ContinuousClock.now - start
            return Double(duration.components.seconds) + Double(duration.components.attoseconds) * 1e-18
        }
        // One behind another they would take 0.5 s.
        #expect(times[1] >= 0.1 && times[1] < 0.4, "\(times)")
    }

    @Test func `Small messages are delayed where the link is asked to, by their own length`() throws {
        let times = try ThreadRanks.run(2) { world -> Double in
            let link = Link(megabitsPerSecond: 0.008)
            let communicator: any Communicator =
                world.rank == 1 ? SlowLink(world, link: link, smallestBytes: 0) : world
            let start = ContinuousClock.now
            if world.rank == 0 {
                try communicator.send(Buffer<UInt8>(count: 100), to: 1, tag: 1)
            } else {
                // Room for more than comes: 100 bytes take 0.1 s, 10,000 would take 10.
                _ = try communicator.startReceive(into: Buffer<UInt8>(count: 10_000), from: 0, tag: 1).wait()
            }
            let duration = ContinuousClock.now - start
            return Double(duration.components.seconds) + Double(duration.components.attoseconds) * 1e-18
        }
        #expect(times[1] >= 0.1 && times[1] < 2, "\(times)")
    }

    @Test func `A small message does not overtake a large one`() throws {
        let sizes = try ThreadRanks.run(2) { world -> [Int] in
            guard world.rank == 1 else {
                return try (0..<2).map { _ in
                    let status = try world.probe(from: 1, tag: 1)
                    _ = try world.startReceive(into: Buffer<UInt8>(count: status.byteCount), from: 1, tag: 1).wait()
                    return status.byteCount
                }
            }
            let link = SlowLink(world, link: Link(latencyMilliseconds: 20))
            let large = try link.startSend(Buffer<UInt8>(count: 1000), to: 0, tag: 1)
            try link.send(Buffer<UInt8>(count: 1), to: 0, tag: 1)
            _ = try large.wait()
            return []
        }
        #expect(sizes[0] == [1000, 1])
    }

    @Test func `Messages do not overtake each other, in whichever order they are asked about`() throws {
        let received = try ThreadRanks.run(2) { world -> [UInt8] in
            guard world.rank == 1 else {
                return try (0..<3).map { _ in
                    var byte = Buffer<UInt8>(count: 1)
                    try world.receive(into: &byte, from: 1, tag: 1)
                    return byte[0]
                }
            }
            let link = SlowLink(world, link: Link(latencyMilliseconds: 5), smallestBytes: 0)
            let slots = (0..<3).map { _ in MessageSlot(byteCount: 1) }
            for (i, slot) in slots.enumerated() {
                slot.write(UInt8.self, at: 0, count: 1) { $0[0] = UInt8(i) }
                try slot.startSend(1, to: 0, tag: 1, on: link)
            }
            let due = ContinuousClock.now + .milliseconds(10)
            _ = Backoff.default.wait(until: due) { false }
            _ = try Backoff.default.wait { () throws in
                let areDone = [try slots[2].test(), try slots[1].test(), try slots[0].test()]
                return areDone.allSatisfy { $0 }
            }
            return []
        }
        #expect(received[0] == [0, 1, 2])
    }
}
