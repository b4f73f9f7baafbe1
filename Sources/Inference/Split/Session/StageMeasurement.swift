import MPI
import NeuralNet
import Runtime

/// What devices, server and link do without each other, on this machine and in this job.
enum StageMeasurement {
    /// Seconds for each stage.
    private static let patience = 0.5

    /// Collective.
    /// - Returns: on rank 0; elsewhere nil. Where the server has nothing to do, nil.
    static func run(_ place: SplitPlace) throws -> SplitReport.StagesAlone? {
        let job = place.job
        let isServer = job.isServer
        // The rate of this rank; of rank 1 also the round trip.
        var own = Buffer<Double>(count: 2)
        _ = try job.world.startBarrier().wait()
        if !isServer {
            let images = job.images(of: place.rank - 1)
            let stage = FrontStage(place.ladder, images: images, batch: job.settings.batch)
            var next = 0
            own[0] = try rate(job.settings.batch) {
                try stage.run(from: next, count: job.settings.batch) { _ in }
                next += job.settings.batch
            }
        }
        _ = try job.world.startBarrier().wait()
        if place.isWhole {
            own[1] = .nan
        } else if isServer {
            let plan = place.ladder.plan(for: job.settings.maxBatch)
            own[0] = try rate(job.settings.maxBatch) { try plan.forward(job.settings.maxBatch) }
        }
        _ = try job.world.startBarrier().wait()
        if place.rank <= 1, !place.isWhole {
            let codec = try FeatureCodecs.named(job.settings.features)
            let message = FeatureMessage(
                words: codec.wordCount(elements: job.model.shapes[place.cut].count), capacity: job.settings.batch)
            let answer = AnswerMessage(capacity: job.settings.batch)
            own[1] =
                try PingPong.roundTrip(
                    up: message.byteCount, down: answer.byteCount, device: 1, on: place.communicator) ?? 0
        }
        let all = try job.world.startGather(
            own, into: Buffer(count: isServer ? 2 * job.world.size : 0), root: 0
        ).wait().receive
        guard isServer, !place.isWhole else { return nil }
        return SplitReport.StagesAlone(
            devices: (1..<job.world.size).reduce(0) { $0 + all[2 * $1] }, server: all[0], pingPong: all[3])
    }

    /// Images a second.
    private static func rate(_ images: Int, _ pass: () throws -> Void) throws -> Double {
        try pass()
        let start = MonotonicClock.now
        var passes = 0
        var now = start
        repeat {
            try pass()
            passes += 1
            now = MonotonicClock.now
        } while now - start < Int(patience * 1e9)
        return Double(passes * images) / (Double(now - start) / 1e9)
    }
}
