import MPI
import MPITesting
import Testing

@testable import Records
@testable import Runtime

/// The server's view of its workers, with workers that answer, are silent, or come back, as threads.
@Suite struct MembershipTests {
    /// No more than this passes in a test that hangs.
    static let limit: Duration = .seconds(20)

    static func membership(
        _ control: any Communicator, timeout: Duration = .milliseconds(200), stop: StopFlag = StopFlag(),
        state: @escaping (Int) -> ProcessState = { _ in .unseen }
    ) -> Membership {
        Membership(control: control, stop: stop, timeout: timeout, pingInterval: .milliseconds(20), state: state)
    }

    static func contact(_ control: any Communicator, patience: Duration = .seconds(10)) -> ServerContact {
        ServerContact(control: control, stop: StopFlag(), patience: patience, state: { .unseen })
    }

    /// Answers the server until it says that the run is over.
    static func answerUntilStopped(_ control: any Communicator) throws {
        let contact = contact(control)
        try contact.wait { contact.isStopped }
    }

    /// Polls until somebody is lost or the time is over.
    static func firstLost(
        _ membership: Membership, awaiting workers: [Int], within time: Duration = limit
    ) throws -> [Int] {
        var lost: [Int] = []
        _ = try Backoff.default.wait(until: .now + time) {
            lost = try membership.poll(awaiting: workers)
            return !lost.isEmpty
        }
        return lost
    }

    @Test func `Who is silent for the time-out is lost, and who answers is not`() throws {
        struct Outcome {
            var lost: [Int] = []
            var members: [Int] = []
            var waited = Duration.zero
            var lostLater: [Int] = []
        }
        let outcome = try ThreadRanks.run(3) { world -> Outcome in
            var outcome = Outcome()
            switch world.rank {
            case 0:
                let membership = Self.membership(world, timeout: .seconds(1))
                _ = try membership.startRound(1)
                let start = ContinuousClock.now
                outcome.lost = try Self.firstLost(membership, awaiting: [0, 1])
                outcome.waited = .now - start
                outcome.members = membership.members
                outcome.lostLater = try Self.firstLost(membership, awaiting: [0], within: .milliseconds(1500))
                try membership.stop()
            case 1: try Self.answerUntilStopped(world)
            default: break  // silent
            }
            return outcome
        }[0]
        #expect(outcome.lost == [1] && outcome.members == [0])
        #expect(outcome.waited >= .seconds(1))
        #expect(outcome.lostLater == [])
    }

    @Test func `Nobody is lost by whom nothing is awaited`() throws {
        let lost = try ThreadRanks.run(2) { world -> [Int] in
            guard world.rank == 0 else { return [] }
            return try Self.firstLost(Self.membership(world), awaiting: [], within: .milliseconds(500))
        }
        #expect(lost[0] == [])
    }

    @Test func `Silence counts from when the server began to wait`() throws {
        let lost = try ThreadRanks.run(2) { world -> [Int] in
            guard world.rank == 0 else { return [] }
            let membership = Self.membership(world, timeout: .milliseconds(300))
            _ = Backoff.default.wait(until: .now + .milliseconds(400)) { false }
            membership.startWaiting()
            return try membership.poll(awaiting: [0])
        }
        #expect(lost[0] == [])
    }

    @Test func `Whom the server has not asked is not lost, however long it looked elsewhere`() throws {
        let lost = try ThreadRanks.run(3) { world -> [Int] in
            guard world.rank == 0 else { return [] }
            let membership = Self.membership(world, timeout: .milliseconds(200))
            _ = try membership.startRound(1)
            // As in a collective that a busy machine keeps from looking up.
            _ = Backoff.default.wait(until: .now + .milliseconds(600)) { false }
            return try membership.poll(awaiting: [0, 1])
        }
        #expect(lost[0] == [])
    }

    @Test func `A worker that is seen to live is not lost, and one that is stopped is`() throws {
        struct Outcome {
            var lost: [Int] = []
            var reason = ""
        }
        let outcome = try ThreadRanks.run(3) { world -> Outcome in
            var outcome = Outcome()
            guard world.rank == 0 else { return outcome }
            let membership = Self.membership(world, state: { $0 == 0 ? .alive : .stopped })
            outcome.lost = try Self.firstLost(membership, awaiting: [0, 1])
            outcome.reason = membership.reason(of: 1)
            _ = try Self.firstLost(membership, awaiting: [0], within: .milliseconds(500))
            outcome.lost += membership.members
            return outcome
        }[0]
        #expect(outcome.lost == [1, 0])
        #expect(outcome.reason.hasPrefix("its process has been stopped for 0."))
    }

    @Test func `A silent host is named, and what to do about it`() throws {
        let reasons = try ThreadRanks.run(4) { world -> [String] in
            guard world.rank == 0 else { return [] }
            let membership = Membership(
                control: world, stop: StopFlag(), timeout: .milliseconds(200), pingInterval: .milliseconds(20),
                hosts: ["one", "two", "two"], state: { _ in .unseen })
            var lost: [Int] = []
            while lost.count < 3 { lost += try Self.firstLost(membership, awaiting: [0, 1, 2]) }
            return (0..<3).map { membership.reason(of: $0) }
        }[0]
        #expect(reasons[0].hasPrefix("it was silent for 0.") && reasons[0].contains("questions are not answered"))
        #expect(reasons[0].hasSuffix("if its host one is only busy, --failure-timeout 60 waits longer"))
        #expect(reasons[1].hasPrefix("its host two cannot be reached, or is silent: none of its 2 ranks has answered"))
    }

    @Test func `When all are lost the first that is heard again is taken in at once`() throws {
        let returned = try ThreadRanks.run(3) { world -> [Int] in
            guard world.rank == 0 else {
                if world.rank == 1 {
                    _ = try Backoff.default.wait { try ControlMessage.receive(from: 0, tag: 9, on: world) != nil }
                    try Self.answerUntilStopped(world)
                }
                return []
            }
            let membership = Self.membership(world)
            _ = try membership.startRound(1)
            var lost: [Int] = []
            while lost.count < 2 { lost += try Self.firstLost(membership, awaiting: [0, 1]) }
            try ControlMessage(kind: .ping, round: 1).send(to: 1, tag: 9, on: world)
            let returned = try membership.reassemble()
            #expect(membership.members == [0])
            try membership.stop()
            return returned
        }
        #expect(returned[0] == [0])
    }

    @Test func `When no process is left nobody is waited for`() throws {
        let error = try ThreadRanks.run(3) { world -> String in
            guard world.rank == 0 else { return "" }
            let membership = Self.membership(world, state: { _ in .ended })
            _ = try membership.poll(awaiting: [0, 1])
            do {
                _ = try membership.reassemble()
                return ""
            } catch let error as NoClientRanks {
                return "\(error)"
            }
        }[0]
        #expect(
            error == "no client rank is left; rank 1: its process has ended; rank 2: its process has ended")
    }

    @Test func `A worker whose process has ended is lost at once`() throws {
        let lost = try ThreadRanks.run(3) { world -> [Int] in
            guard world.rank == 0 else { return [] }
            return try Self.membership(world, timeout: .seconds(3600), state: { $0 == 1 ? .ended : .unseen }).poll(
                awaiting: [0, 1])
        }
        #expect(lost[0] == [1])
    }

    @Test func `Who answers after it was lost is told so, and is taken in with the next round`() throws {
        struct Outcome {
            var isMemberBefore = true
            var returned: [Int] = []
            var isMemberAfter = false
            var toldInRound: Int?
        }
        let outcomes = try ThreadRanks.run(2) { world -> Outcome in
            var outcome = Outcome()
            if world.rank == 0 {
                let membership = Self.membership(world)
                _ = try membership.startRound(4)
                _ = try Self.firstLost(membership, awaiting: [0])
                try ControlMessage(kind: .ping, round: 4).send(to: 1, tag: 9, on: world)  // it wakes up
                _ = try Backoff.default.wait(until: .now + Self.limit) {
                    outcome.isMemberBefore = membership.isMember(0)
                    outcome.returned = try membership.startRound(5)
                    return !outcome.returned.isEmpty
                }
                outcome.isMemberAfter = membership.isMember(0)
                try membership.stop()
            } else {
                _ = try Backoff.default.wait { try ControlMessage.receive(from: 0, tag: 9, on: world) != nil }
                let contact = Self.contact(world)
                contact.whenExcluded = { outcome.toldInRound = $0 }
                try contact.wait { contact.isStopped }
            }
            return outcome
        }
        #expect(!outcomes[0].isMemberBefore && outcomes[0].isMemberAfter)
        #expect(outcomes[0].returned == [0])
        #expect(outcomes[1].toldInRound == 4 || outcomes[1].toldInRound == 5)
    }

    @Test func `Reports add up to the samples trained in this round`() throws {
        let trained = try ThreadRanks.run(3) { world -> Int in
            guard world.rank == 0 else {
                let contact = Self.contact(world)
                contact.startRound(1)
                try contact.trained(1000)  // of a round that is over when the server asks
                contact.startRound(2)
                try contact.trained(10 * world.rank)
                try contact.trained(1)
                try contact.wait { contact.isStopped }
                return 0
            }
            let membership = Self.membership(world, timeout: Self.limit)
            _ = try membership.startRound(2)
            _ = try Backoff.default.wait(until: .now + Self.limit) {
                _ = try membership.poll(awaiting: [])
                return membership.samplesTrained >= 32
            }
            // Workers go on counting when a round is repeated, and so does the server.
            _ = try membership.startRound(2)
            let before = membership.samplesTrained
            _ = try membership.startRound(3)
            let after = membership.samplesTrained
            try membership.stop()
            return after == 0 ? before : -1
        }
        #expect(trained[0] == 11 + 21)
    }

    @Test func `The end of collectives and of the run reach everybody, the lost as well`() throws {
        let areTold = try ThreadRanks.run(3) { world -> Bool in
            guard world.rank == 0 else {
                let contact = Self.contact(world)
                try contact.wait { contact.hasLeftCollectives }
                let wasStopped = contact.isStopped
                try ControlMessage(kind: .shutdownAcknowledged, round: 0).send(to: 0, tag: 9, on: world)
                try contact.wait { contact.isStopped }
                return !wasStopped
            }
            let membership = Self.membership(world)
            membership.exclude(1)
            try membership.leaveCollectives()
            var told = 0
            _ = try Backoff.default.wait {
                if try ControlMessage.receive(tag: 9, on: world) != nil { told += 1 }
                return told == 2
            }
            try membership.stop()
            return try membership.awaitShutdown()
        }
        #expect(areTold == [true, true, true])
    }

    @Test func `An acknowledgement that does not come is not waited for without end`() throws {
        let areComplete = try ThreadRanks.run(2) { world -> Bool in
            guard world.rank == 0 else { return true }
            let membership = Self.membership(world)
            try membership.stop()
            return try membership.awaitShutdown()
        }
        #expect(areComplete[0] == false)
    }

    @Test func `Who has ended owes no acknowledgement`() throws {
        let areComplete = try ThreadRanks.run(2) { world -> Bool in
            guard world.rank == 0 else { return true }
            return try Self.membership(world, state: { _ in .ended }).awaitShutdown()
        }
        #expect(areComplete[0])
    }

    @Test func `A raised flag ends the server's wait`() throws {
        let flag = StopFlag()
        flag.raise(15)
        let isInterrupted = try ThreadRanks.run(2) { world -> Bool in
            guard world.rank == 0 else { return true }
            do {
                _ = try Self.membership(world, stop: flag).poll(awaiting: [0])
                return false
            } catch let interruption as Interruption {
                return interruption.signal == 15
            }
        }
        #expect(isInterrupted[0])
    }
}
