import MPI
import MPITesting
import Testing

@testable import Records
@testable import Runtime

/// A worker's view of the server.
@Suite struct ServerContactTests {
    /// Why rank 1 stops waiting for a rank 0 that says nothing.
    private static func endOfWaiting(
        patience: Duration, state: @escaping @Sendable () -> ProcessState = { .unseen }, stop: StopFlag = StopFlag(),
        beforeWaiting: @escaping @Sendable (ServerContact) throws -> Void = { _ in }
    ) throws -> (end: String?, waited: Duration) {
        try ThreadRanks.run(2) { world in
            guard world.rank == 1 else { return (nil, .zero) }
            let contact = ServerContact(control: world, stop: stop, patience: patience, state: state)
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
        #expect(end?.hasPrefix("rank 0 is lost: it was silent for 0.") == true)
        #expect(waited >= .milliseconds(300))
    }

    @Test func `A server whose process has ended is lost within a moment`() throws {
        let (end, waited) = try Self.endOfWaiting(patience: .seconds(3600), state: { .ended })
        #expect(end == "rank 0 is lost: its process has ended")
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
        #expect(waited >= .milliseconds(300))
    }

    @Test(arguments: [ProcessState.alive, .stopped])
    func `A server that is seen to live, or only to be stopped, is waited for`(state: ProcessState) throws {
        let isPatient = try ThreadRanks.run(2) { world -> Bool in
            guard world.rank == 1 else { return true }
            let contact = ServerContact(
                control: world, stop: StopFlag(), patience: .milliseconds(100), state: { state })
            let end = ContinuousClock.now + .seconds(1)
            try contact.wait { ContinuousClock.now > end }
            return true
        }
        #expect(isPatient[1])
    }

    @Test func `A rank that the server had lost makes itself heard, and is taken in again`() throws {
        let isBack = try ThreadRanks.run(2) { world -> Bool in
            if world.rank == 0 {
                let membership = MembershipTests.membership(world, timeout: .seconds(3600))
                membership.exclude(0)
                // Nobody pings: the rank is only listened to.
                let isBack = try Backoff.default.wait(until: .now + MembershipTests.limit) {
                    try membership.startRound(2) == [0]
                }
                try membership.stop()
                return isBack
            }
            let contact = MembershipTests.contact(world, patience: .seconds(2))
            try contact.wait { contact.isStopped }
            return true
        }
        #expect(isBack == [true, true])
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
