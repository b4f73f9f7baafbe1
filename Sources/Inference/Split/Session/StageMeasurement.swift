import MPI
import NeuralNet
import Runtime

/// Measures what devices, server and link can do without each other, on this machine and in this job: the rates that a
/// run's throughput is judged by. The other ranks wait at a barrier, asleep, while one stage is measured.
enum StageMeasurement {
    /// Seconds for which each stage runs.
    private static let patience = 0.5

    /// Measures the devices (all at once, without sending), then the server in full passes, then the round trip between
    /// rank 1 and rank 0. Collective; about 1.2 s.
    ///
    /// - Parameter place: This rank's part of the model.
    /// - Returns: The rates on rank 0; nil on devices, and where the server has no layers.
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

    /// Runs a pass over and over for ``patience`` seconds, after one to warm up.
    ///
    /// - Parameter images: Images in a pass.
    /// - Returns: Images a second.
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
