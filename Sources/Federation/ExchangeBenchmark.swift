import MPI

/// The cost of one round's exchange alone, over the wire that training uses.
public enum ExchangeBenchmark {
    /// The median time, at rank 0, of sending so many floats to every rank and getting as many back from each, started
    /// together. Collective; 0 alone.
    public static func medianMicroseconds(
        floats: Int, repetitions: Int, on communicator: any Communicator
    ) throws -> Double {
        guard communicator.size > 1 else { return 0 }
        let workers = communicator.size - 1
        let assignment = Assignment(clientsOfWorker: (0..<workers).map { [$0] })
        let wire = GathervWire(communicator, parameterCount: floats, cohortSize: workers)
        var frame = RoundFrame(cohortCapacity: workers, parameterCount: floats)
        var times: [Double] = []
        let warmUps = 5
        for round in 0..<warmUps + repetitions {
            try communicator.barrier()
            let start = ContinuousClock.now
            let received = try communicator.startBroadcast(frame.intoBuffer(), root: 0).wait()
            frame = RoundFrame(received, cohortCapacity: workers, parameterCount: floats)
            if communicator.rank == 0 {
                try wire.collect(
                    round: round, wave: 0, assignment, whileWaiting: {},
                    receive: { _, envelope, _ in _ = try envelope.get() })
            } else {
                try wire.send(round: round, wave: 0, assignment) { _, _ in LocalResult() }
            }
            if round >= warmUps { times.append((ContinuousClock.now - start).seconds * 1e6) }
        }
        return times.sorted()[times.count / 2]
    }
}
