import MPI

/// One round's way down and up: how the server reaches the cohort and gets its updates.
protocol Exchange: AnyObject {
    /// Whether other ranks train, so that the server has time of its own meanwhile.
    var trainsElsewhere: Bool { get }

    /// - Parameters:
    ///   - besideTraining: work of the server that needs no client, done while other ranks train.
    ///   - progressed: samples trained so far, when `wantsProgress`.
    ///   - receive: each client's envelope, or what is wrong with it, and the change of its weights.
    func run(
        round: Int, cohort: [Int], global: Span<Float>, wantsProgress: Bool,
        besideTraining: () throws -> Void,
        progressed: (Int) -> Void,
        receive: (
            _ client: Int, _ envelope: Result<UpdateSlot.Envelope, UpdateSlot.Defect>, _ change: Span<Float>
        ) throws -> Void
    ) throws

    /// Tells the workers that the run is over.
    func stop() throws
}

/// The server's half of the exchange with client ranks: `MPI_Bcast` down, `GathervWire` up.
final class WorkerExchange: Exchange {
    private let communicator: any Communicator
    private let job: Job
    private let wire: GathervWire
    private let listener: Progress.Listener
    private let stopFlag: StopFlag
    private var frame: RoundFrame?
    let trainsElsewhere = true

    init(_ job: Job, _ communicator: any Communicator, stop: StopFlag) {
        stopFlag = stop
        self.communicator = communicator
        self.job = job
        let parameterCount = job.model.parameterCount
        wire = GathervWire(communicator, parameterCount: parameterCount, cohortSize: job.settings.cohortSize)
        listener = Progress.Listener(communicator)
        frame = RoundFrame(cohortCapacity: job.settings.cohortSize, parameterCount: parameterCount)
    }

    func run(
        round: Int, cohort: [Int], global: Span<Float>, wantsProgress: Bool,
        besideTraining: () throws -> Void,
        progressed: (Int) -> Void,
        receive: (Int, Result<UpdateSlot.Envelope, UpdateSlot.Defect>, Span<Float>) throws -> Void
    ) throws {
        let workers = communicator.size - 1
        let assignment = Assignment(cohort: cohort, workers: workers) { job.partition.count(of: $0) }
        try broadcast(.train, round: round, assignment, global, wantsProgress: wantsProgress)
        listener.startRound()
        try besideTraining()
        for wave in 0..<wire.waveCount(assignment) {
            try wire.collect(
                round: round, wave: wave, assignment,
                whileWaiting: {
                    try stopFlag.check()
                    if wantsProgress { progressed(try listener.poll(round: round)) }
                },
                receive: receive)
        }
    }

    func stop() throws {
        try broadcast(.stop, round: 0, Assignment(clientsOfWorker: []), nil, wantsProgress: false)
        _ = try listener.poll(round: 0)
    }

    private func broadcast(
        _ kind: RoundFrame.Kind, round: Int, _ assignment: Assignment, _ global: Span<Float>?, wantsProgress: Bool
    ) throws {
        guard var frame = self.frame.take() else { preconditionFailure("the frame is in use") }
        frame.setHeader(kind, round: round, cohort: assignment.cohortSize, wantsProgress: wantsProgress)
        frame.setAssignment(assignment)
        if let global {
            frame.withMutableWeights { weights in
                for i in 0..<weights.count { weights[unchecked: i] = global[unchecked: i] }
            }
        }
        let buffer = try communicator.startBroadcast(frame.intoBuffer(), root: 0).wait(unless: stopFlag)
        self.frame = RoundFrame(
            buffer, cohortCapacity: job.settings.cohortSize, parameterCount: job.model.parameterCount)
    }
}

/// The light simulation: one process is the server and trains every client itself.
final class LocalExchange: Exchange {
    private let job: Job
    private let trainer: LocalTrainer
    private let stopFlag: StopFlag
    let trainsElsewhere = false

    init(_ job: Job, stop: StopFlag) throws {
        stopFlag = stop
        self.job = job
        trainer = try LocalTrainer(job)
    }

    func run(
        round: Int, cohort: [Int], global: Span<Float>, wantsProgress: Bool,
        besideTraining: () throws -> Void,
        progressed: (Int) -> Void,
        receive: (Int, Result<UpdateSlot.Envelope, UpdateSlot.Defect>, Span<Float>) throws -> Void
    ) throws {
        var trained = 0
        var last = ContinuousClock.now
        var change = [Float](repeating: 0, count: job.model.parameterCount)
        for client in cohort {
            var span = change.mutableSpan
            let result = try trainer.train(client: client, round: round, global: global, change: &span) { count in
                try stopFlag.check()
                trained += count
                guard wantsProgress, ContinuousClock.now - last >= Progress.interval else { return }
                last = .now
                progressed(trained)
            }
            let envelope = UpdateSlot.Envelope(
                client: client, round: round, result: result, payloadBytes: change.count * 4)
            try receive(client, .success(envelope), change.span)
        }
    }

    func stop() {}
}
