import MPI
import MPITesting
import Records
import Testing

@testable import Runtime

/// Who owes what, and what becomes of it, with workers that are only seen: none of them computes anything.
@Suite struct WorkerPoolTests {
    /// Says what can be seen of each worker's process.
    final class Processes {
        var states: [ProcessState]
        init(_ states: [ProcessState]) { self.states = states }
    }

    /// What the server's thread found.
    struct Outcome: Sendable {
        var shares: [[Int]] = []
        var pending: [[Int]] = []
        var loss = WorkerPool.Loss()
        var faults: [FaultRecord] = []
        var clients: [Int] = []
        var hasLostRanks = false
        var isTrue = false
        var members: [Int] = []
    }

    /// Runs the server over three workers.
    private static func run(
        dropsClients: Bool = false,
        worker: @escaping @Sendable (any Communicator) throws -> Void = { _ in },
        server: @escaping @Sendable (any Communicator, WorkerPool, Processes, inout Outcome) throws -> Void
    ) throws -> Outcome {
        try ThreadRanks.run(4, timeout: .seconds(30)) { world -> Outcome in
            var outcome = Outcome()
            guard world.rank == 0 else {
                try worker(world)
                return outcome
            }
            let processes = Processes([.alive, .alive, .alive])
            let recorder = Recorder()
            let pool = WorkerPool(
                MembershipTests.membership(world, state: { processes.states[$0] }), workers: 3,
                dropsClients: dropsClients, Timeline(isOn: false), faulted: { recorder.faults.append($0) })
            try pool.startRound(5)
            try server(world, pool, processes, &outcome)
            outcome.pending = pool.pending
            outcome.faults = recorder.faults
            outcome.hasLostRanks = pool.hasLostRanks
            outcome.members = pool.members
            return outcome
        }[0]
    }

    private final class Recorder {
        var faults: [FaultRecord] = []
    }

    /// Looks until somebody is lost.
    private static func findLost(_ pool: WorkerPool, among workers: [Int]? = nil) throws -> WorkerPool.Loss {
        var loss = WorkerPool.Loss()
        _ = try Backoff.default.wait(until: .now + .seconds(20)) {
            loss = try pool.findLost(among: workers)
            return !loss.workers.isEmpty
        }
        return loss
    }

    @Test func `Clients are dealt out longest first, and owed until they are settled`() throws {
        let outcome = try Self.run { _, pool, _, outcome in
            // 9 | 8 | 7, then 6 to the 7, 5 to the 8.
            outcome.shares = try pool.assign([0, 1, 2, 3, 4]) { [5, 6, 7, 8, 9][$0] }.map(\.clients)
            outcome.isTrue = pool.worker(owing: 0) == 1 && pool.worker(owing: 7) == nil
            for client in [1, 4] { pool.settle(client) }
            outcome.clients = pool.pendingWorkers
        }
        #expect(outcome.shares == [[4], [3, 0], [2, 1]])
        #expect(outcome.isTrue)
        #expect(outcome.pending == [[], [3, 0], [2]] && outcome.clients == [1, 2])
        #expect(outcome.faults.isEmpty && !outcome.hasLostRanks)
    }

    @Test func `A new round begins without debts`() throws {
        let outcome = try Self.run { _, pool, _, _ in
            try pool.assign([0, 1, 2]) { _ in 1 }
            try pool.startRound(6)
        }
        #expect(outcome.pending == [[], [], []])
    }

    @Test func `A step begins with the debts of the one before`() throws {
        let outcome = try Self.run { _, pool, _, _ in
            pool.assign(3, to: 2)
            try pool.startStep(6)
        }
        #expect(outcome.pending == [[], [], [3]])
    }

    @Test func `What a lost worker owes is to be given to the others`() throws {
        let outcome = try Self.run { _, pool, processes, outcome in
            try pool.assign([0, 1, 2, 3]) { _ in 1 }
            processes.states[0] = .ended
            outcome.loss = try Self.findLost(pool)
            outcome.shares = try pool.assign(outcome.loss.clients) { _ in 1 }.map { [$0.worker] + $0.clients }
        }
        #expect(outcome.loss == WorkerPool.Loss(workers: [0], clients: [0, 3], dropped: []))
        #expect(outcome.shares == [[1, 0], [2, 3]])
        #expect(outcome.pending == [[], [1, 0], [2, 3]])
        #expect(outcome.hasLostRanks)
        #expect(
            outcome.faults == [
                FaultRecord(
                    round: 5, kind: .rankLost, rank: 1, clients: [0, 3], reason: "its process has ended")
            ])
    }

    @Test func `What a lost worker owes is left out where the run says so`() throws {
        let outcome = try Self.run(dropsClients: true) { _, pool, processes, outcome in
            try pool.assign([0, 1, 2]) { _ in 1 }
            processes.states[1] = .ended
            outcome.loss = try Self.findLost(pool)
        }
        #expect(outcome.loss == WorkerPool.Loss(workers: [1], clients: [], dropped: [1]))
        #expect(outcome.pending == [[0], [], [2]])
        #expect(outcome.faults.map(\.kind) == [.rankDropped])
    }

    @Test func `Who owes nothing is missed only where all are needed`() throws {
        let outcome = try Self.run { _, pool, processes, outcome in
            pool.assign(7, to: 0)
            processes.states[2] = .ended
            outcome.loss = try pool.findLost()
            outcome.isTrue = outcome.loss.workers.isEmpty
            outcome.loss = try Self.findLost(pool, among: pool.members)
        }
        #expect(outcome.isTrue && outcome.loss == WorkerPool.Loss(workers: [2], clients: [], dropped: []))
        #expect(outcome.pending == [[7], [], []])
    }

    @Test func `A lost worker that is heard again takes part from the next round on`() throws {
        let outcome = try Self.run { _, pool, processes, outcome in
            processes.states[1] = .ended
            _ = try Self.findLost(pool, among: [1])
            outcome.shares.append(pool.members)
            processes.states[1] = .alive
            try pool.noteHeard(1)
            outcome.shares.append(pool.members)
            try pool.startRound(6)
        }
        #expect(outcome.shares == [[0, 2], [0, 2]] && outcome.members == [0, 1, 2])
        #expect(outcome.faults.map(\.kind) == [.rankLost, .rankReturned])
        #expect(outcome.faults.last == FaultRecord(round: 6, kind: .rankReturned, rank: 2))
    }

    @Test func `When all are lost the work waits for the first that is back`() throws {
        let outcome = try Self.run { _, pool, processes, outcome in
            try pool.assign([0, 1, 2]) { _ in 1 }
            processes.states = [.ended, .ended, .ended]
            outcome.loss = try Self.findLost(pool)
            processes.states[2] = .alive
            try pool.noteHeard(2)
            outcome.shares = try pool.assign(outcome.loss.clients) { _ in 1 }.map(\.clients)
        }
        #expect(outcome.loss.workers == [0, 1, 2])
        #expect(outcome.shares == [[0, 1, 2]] && outcome.pending == [[], [], [0, 1, 2]])
    }

    @Test func `When nobody is left the run ends with the reasons`() throws {
        #expect(throws: NoClientRanks.self) {
            try Self.run { _, pool, processes, _ in
                try pool.assign([0, 1, 2]) { _ in 1 }
                processes.states = [.ended, .ended, .ended]
                try pool.assign(Self.findLost(pool).clients) { _ in 1 }
            }
        }
    }

    @Test func `At the hard limit who has not delivered is out until the next round`() throws {
        let outcome = try Self.run { _, pool, _, outcome in
            try pool.assign([0, 1, 2, 3]) { _ in 1 }
            pool.settle(1)
            outcome.isTrue = !pool.isPastLimit
            pool.setLimit(seconds: 60)
            outcome.isTrue = outcome.isTrue && !pool.isPastLimit
            pool.setLimit(seconds: 0)
            _ = Backoff.default.wait { pool.isPastLimit }
            outcome.clients = pool.excludeLate()
        }
        #expect(outcome.isTrue)
        #expect(outcome.clients == [0, 3, 2] && outcome.pending == [[], [], []] && outcome.members == [1])
        #expect(outcome.faults.map(\.kind) == [.clientsLate, .clientsLate])
        #expect(outcome.faults.map(\.clients) == [[0, 3], [2]])
        #expect(!outcome.hasLostRanks)
    }

    @Test func `Messages with a lost worker are forgotten, and those with others arrive`() throws {
        let tag = 40
        let outcome = try Self.run(
            worker: { world in
                guard world.rank != 2 else { return }
                var bytes = Buffer<UInt8>(count: 1)
                try world.receive(into: &bytes, from: 0, tag: tag)
                _ = try world.startSend(bytes, to: 0, tag: tag).wait()
            },
            server: { world, pool, processes, outcome in
                let messages = WorkerMessages(on: world)
                pool.look(after: messages)
                for worker in 0..<3 { try messages.send(Buffer([UInt8(worker)]), to: worker, tag: tag) }
                processes.states[1] = .ended
                _ = try Self.findLost(pool, among: [1])
                var heard: [Int] = []
                _ = try Backoff.default.wait(until: .now + .seconds(20)) {
                    try messages.advance()
                    try messages.startReceiving(tag: tag)
                    _ = try messages.takeReceived { worker, _, bytes in heard.append(10 * worker + Int(bytes[0])) }
                    return heard.count == 2
                }
                outcome.clients = heard.sorted()
            })
        #expect(outcome.clients == [0, 22])
    }

    @Test func `A run ends when all have acknowledged it`() throws {
        let outcome = try Self.run(
            worker: { world in
                let contact = MembershipTests.contact(world)
                _ = try world.probe(from: 0, tag: 40)
                try contact.acknowledgeShutdown()
            },
            server: { world, pool, _, outcome in
                outcome.isTrue = try pool.shutDown {
                    for rank in 1...3 { _ = try world.startSend(Buffer<UInt8>(count: 1), to: rank, tag: 40).wait() }
                    return true
                }
            })
        #expect(outcome.isTrue && !outcome.hasLostRanks)
    }

    @Test func `A run in which a rank is lost ends by telling each of the others`() throws {
        let outcome = try Self.run(
            worker: { world in
                guard world.rank != 3 else { return }
                try MembershipTests.answerUntilStopped(world)
            },
            server: { _, pool, processes, outcome in
                processes.states[2] = .ended
                outcome.isTrue = try pool.shutDown { try Self.findLost(pool, among: pool.members).workers.isEmpty }
            })
        #expect(!outcome.isTrue && outcome.hasLostRanks)
        #expect(outcome.faults.map(\.kind) == [.rankLost])
    }
}
