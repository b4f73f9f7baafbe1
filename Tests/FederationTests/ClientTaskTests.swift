import FedCore
import MPI
import MPITesting
import Records
import Runtime
import Testing

@testable import Federation

/// What holds for every task in the catalog.
@Suite struct ClientTaskTests {
    /// Has all tasks there are.
    static func job() throws -> Job {
        try Job(
            SessionTests.settings {
                $0.clientTest = 0.2
                $0.clientFraction = 0.5
            })
    }

    /// Has the tasks of secure aggregation, with which clients do not test.
    static func securedJob() throws -> Job {
        var job = try Job(
            SessionTests.settings {
                $0.secureAggregation = true
                $0.clientFraction = 0.5
            })
        job.secureMaster = SecureMaster()
        return job
    }

    /// A job that asks for a task.
    private static func job(with task: ClientTask) throws -> Job {
        let job = try job()
        return job.tasks.contains(task) ? job : try securedJob()
    }

    @Test func `The codes are those of the documentation, and none ends the run`() {
        #expect(ClientTask.all.map { $0.kind.rawValue } == [1, 3, 4, 5, 6])
        #expect(!ClientTask.all.contains { $0.kind == .stop })
    }

    @Test func `A job without held-out samples asks for training alone`() throws {
        let job = try Job(SessionTests.settings())
        #expect(job.tasks == [.training])
        #expect(job.frameCapacity == 6)
        #expect(try Self.job().tasks == [.training, .evaluation])
        #expect(try Self.securedJob().tasks == [.training, .advertiseKeys, .shareKeys, .unmask])
    }

    @Test func `A frame has room for the task that asks the most clients`() throws {
        // Three of six train, all six test.
        let job = try Self.job()
        #expect(job.tasks.map { $0.mostClients(job) } == [3, 6])
        #expect(job.frameCapacity == 6)
    }

    @Test(arguments: ClientTask.all) func `A client's work fills the length that its answer has`(task: ClientTask)
        throws
    {
        let job = try Self.job(with: task)
        let weights = [Float](repeating: 0.01, count: job.vectors.down)
        let host = try LocalHost(job, stop: StopFlag(), Timeline(isOn: false))
        host.letters = [2: SecureLetter(clients: 3, place: 1, nonce: [UInt8](repeating: 7, count: 32)).bytes]
        var slot = [Float](repeating: .nan, count: task.answer(job).floats)
        var span = slot.mutableSpan
        let envelope = try host.run(task, 2, RoundID(1), down: weights.span, slot: &span)
        // What is masked is reported by the sum.
        #expect(envelope.client == 2 && (envelope.result.samples > 0) == (job.secure == nil))
        // Bytes of a message may be any.
        let areWritten = slot.allSatisfy { job.secure == nil ? $0.isFinite : $0.bitPattern != Float.nan.bitPattern }
        #expect(areWritten)
        #expect(task.cost(2, job) > 0)
    }

    @Test(arguments: ClientTask.all) func `Its wire carries answers of its length`(task: ClientTask) throws {
        let job = try Self.job(with: task)
        let received = try ThreadRanks.run(2) { world -> Int in
            let wires = try TaskWires(
                job, on: world, TransferClock(Timeline(isOn: false), control: world))
            let assignment = Assignment(clientsOfWorker: [[2]])
            guard world.rank == 0 else {
                let wire = wires[task]
                wire.begin([2], round: RoundID(1), isOrder: false)
                var slot = wire.takeSlot()
                try slot.withNumbers { numbers in for i in numbers.indices { numbers[i] = 0.5 } }
                wire.put(slot, of: 2, LocalResult(samples: 1))
                try wire.send([2], unless: { false })
                return 0
            }
            let receiver = Receiver()
            _ = try wires[task].collect(
                round: RoundID(1), part: 0, assignment, into: receiver, unless: { false })
            return receiver.floats
        }[0]
        #expect(received == task.answer(job).updateFloats)
    }

    private final class Receiver: AnswerReceiver {
        private(set) var floats = 0
        let participants = 0

        func receive(
            _ client: Int, _ envelope: Result<UpdateSlot.Envelope, UpdateSlot.Defect>, _ update: Span<Float>,
            state: Span<Float>, bytes: Int
        ) {
            floats = (try? envelope.get()) == nil ? 0 : update.indices.filter { update[$0] == 0.5 }.count
        }

        func drop(_ clients: Int) {}
        func markLate(_ clients: Int) {}
    }
}
