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
        let wire = GathervWire(
            communicator, parameterCount: floats, cohortSize: workers, faults: FaultInjector([], rank: 0),
            TransferClock(Timeline(isOn: false), control: communicator))
        var frame = RoundFrame(cohortCapacity: workers, parameterCount: floats)
        var times: [Double] = []
        let warmUps = 5
        var batch = UpdateBatch(slots: 1, parameterCount: floats)
        if communicator.rank > 0 {
            // The exchange alone: what is late is checked and not summed.
            try batch.fill(round: RoundID(0), clients: [communicator.rank - 1]) { _, _ in
                var result = LocalResult()
                result.status = .late
                return result
            }
        }
        let tally = RoundTally(parameterCount: floats, samplesHeld: { _ in 0 }, reject: { _, _ in })
        for repetition in 0..<warmUps + repetitions {
            try communicator.barrier()
            let start = ContinuousClock.now
            let received = try communicator.startBroadcast(frame.intoBuffer(), root: 0).wait()
            frame = RoundFrame(received, cohortCapacity: workers, parameterCount: floats)
            if communicator.rank == 0 {
                _ = try wire.collect(round: RoundID(0), part: 0, assignment, into: tally, unless: { false })
            } else {
                try wire.send(&batch, unless: { false })
            }
            if repetition >= warmUps { times.append((ContinuousClock.now - start).seconds * 1e6) }
        }
        return times.sorted()[times.count / 2]
    }
}
