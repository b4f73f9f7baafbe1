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
        var batch = UpdateBatch(slots: 1, parameterCount: floats)
        if communicator.rank > 0 {
            try batch.fill(round: 0, clients: [communicator.rank - 1]) { _, _ in LocalResult() }
        }
        for repetition in 0..<warmUps + repetitions {
            try communicator.barrier()
            let start = ContinuousClock.now
            let received = try communicator.startBroadcast(frame.intoBuffer(), root: 0).wait()
            frame = RoundFrame(received, cohortCapacity: workers, parameterCount: floats)
            if communicator.rank == 0 {
                _ = try wire.collect(
                    round: 0, wave: 0, assignment, unless: { false },
                    receive: { _, envelope, _ in _ = try envelope.get() })
            } else {
                try wire.send(&batch, unless: { false })
            }
            if repetition >= warmUps { times.append((ContinuousClock.now - start).seconds * 1e6) }
        }
        return times.sorted()[times.count / 2]
    }
}
