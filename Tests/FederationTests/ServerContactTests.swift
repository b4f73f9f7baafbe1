import MPI
import MPITesting
import Testing

@testable import Federation

/// A worker's view of the server.
@Suite struct ServerContactTests {
    /// Why rank 1 stops waiting for a rank 0 that says nothing.
    private static func endOfWaiting(
        patience: Duration, isServerGone: @escaping @Sendable () -> Bool = { false }, stop: StopFlag = StopFlag(),
        beforeWaiting: @escaping @Sendable (ServerContact) throws -> Void = { _ in }
    ) throws -> (end: String?, waited: Duration) {
        try ThreadRanks.run(2) { world in
            guard world.rank == 1 else { return (nil, .zero) }
            let contact = ServerContact(control: world, stop: stop, patience: patience, isServerGone: isServerGone)
            try beforeWaiting(contact)
            let start = ContinuousClock.now
            do {
                try contact.wait { ContinuousClock.now - start > MembershipTests.limit }
                return (nil, .now - start)
            } catch let lost as ServerLost {
                return ("\(lost)", .now - start)
            } catch let interruption as Interruption {
                return ("signal \(interruption.signal)", .now - start)
            }
        }[1]
    }

    @Test func `A server that is silent beyond patience is lost`() throws {
        let (end, waited) = try Self.endOfWaiting(patience: .milliseconds(300))
        #expect(end == "rank 0 has been silent for 0 s")
        #expect(waited >= .milliseconds(300))
    }

    @Test func `A server whose process has ended is lost within a moment`() throws {
        let (end, waited) = try Self.endOfWaiting(patience: .seconds(3600), isServerGone: { true })
        #expect(end == "rank 0 has ended")
        #expect(waited < .seconds(5))
    }

    @Test func `A worker that was stopped itself gives the server its patience anew`() throws {
        let (end, waited) = try Self.endOfWaiting(
            patience: .milliseconds(400),
            beforeWaiting: { contact in
                try contact.poll()
                _ = Backoff.default.wait(until: .now + .milliseconds(600)) { false }
                try contact.poll()
            })
        #expect(end != nil)
        #expect(waited >= .milliseconds(350))
    }

    @Test func `A raised flag ends the wait`() throws {
        let flag = StopFlag()
        flag.raise(2)
        #expect(try Self.endOfWaiting(patience: .seconds(3600), stop: flag).end == "signal 2")
    }

    @Test func `A server that pings is never lost`() throws {
        let isPatient = try ThreadRanks.run(2) { world -> Bool in
            if world.rank == 0 {
                let membership = MembershipTests.membership(world, timeout: .milliseconds(200))
                let isLost = try MembershipTests.firstLost(membership, awaiting: [0], within: .seconds(1))
                try membership.stop()
                return isLost.isEmpty
            }
            let contact = MembershipTests.contact(world, patience: .milliseconds(400))
            try contact.wait { contact.isStopped }
            return true
        }
        #expect(isPatient == [true, true])
    }
}
