import MPI

/// A client rank: receives each round's frame, trains the clients assigned to it, sends their updates, until told to
/// stop.
final class ClientLoop {
    private let communicator: any Communicator
    private let job: Job
    private let trainer: LocalTrainer
    private let wire: GathervWire
    private let stop: StopFlag

    init(_ job: Job, _ communicator: any Communicator, stop: StopFlag) throws {
        self.stop = stop
        self.communicator = communicator
        self.job = job
        trainer = try LocalTrainer(job)
        wire = GathervWire(
            communicator, parameterCount: job.model.parameterCount, cohortSize: job.settings.cohortSize,
            stop: stop)
    }

    func run() throws {
        let progress = Progress.Reporter(communicator)
        let cohortCapacity = job.settings.cohortSize
        let parameterCount = job.model.parameterCount
        var frame = RoundFrame(cohortCapacity: cohortCapacity, parameterCount: parameterCount)
        while true {
            let received = try communicator.startBroadcast(frame.intoBuffer(), root: 0).wait(unless: stop)
            frame = RoundFrame(received, cohortCapacity: cohortCapacity, parameterCount: parameterCount)
            let header = try frame.header()
            guard header.kind == .train else { break }
            let assignment = frame.assignment(cohort: header.cohort, workers: communicator.size - 1)
            progress.startRound(header.round)
            for wave in 0..<wire.waveCount(assignment) {
                try wire.send(round: header.round, wave: wave, assignment) { client, change in
                    try frame.withWeights { global in
                        try trainer.train(client: client, round: header.round, global: global, change: &change) {
                            try stop.check()
                            if header.wantsProgress { try progress.trained($0) }
                        }
                    }
                }
            }
        }
        try progress.finish()
    }
}
