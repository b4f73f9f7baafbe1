import MPI
import NeuralNet
import Runtime

/// Measures what devices, server and link can do without each other, on this machine and in this setup: the rates that a
/// run's throughput is judged by. The other ranks wait at a barrier, asleep, while one stage is measured.
enum StageMeasurement {
    /// Seconds for which each stage runs.
    private static let patience = 0.5

    /// Measures the devices (all at once, without sending), then the server in full passes, then the round trip between
    /// rank 1 and rank 0. Collective; about 1.2 s.
    ///
    /// - Parameter place: This rank's part of the model.
    /// - Returns: The rates on rank 0; nil on devices, and where the server has no layers.
    static func run(_ place: SplitRank) throws -> SplitReport.StagesAlone? {
        let setup = place.setup
        let isServer = setup.isServer
        // The rate of this rank; of rank 1 also the round trip.
        var own = Buffer<Double>(count: 2)
        _ = try setup.world.startBarrier().wait()
        if !isServer {
            let images = setup.images(of: place.rank - 1)
            let stage = FrontStage(
                place.plans, images: images, batch: setup.settings.batch, pace: place.pace(place.plans.model))
            var next = 0
            own[0] = try rate(setup.settings.batch) {
                try stage.run(from: next, count: setup.settings.batch) { _ in }
                next += setup.settings.batch
            }
        }
        _ = try setup.world.startBarrier().wait()
        if place.isWhole {
            own[1] = .nan
        } else if isServer {
            let plan = place.plans.plan(for: setup.settings.maxBatch)
            own[0] = try rate(setup.settings.maxBatch) { try plan.forward(setup.settings.maxBatch) }
        }
        _ = try setup.world.startBarrier().wait()
        if place.rank <= 1, !place.isWhole {
            let codec = try FeatureCodecs.named(setup.settings.features)
            let message = FeatureMessage(
                words: codec.wordCount(elements: setup.model.shapes[place.cut].count), capacity: setup.settings.batch)
            let answer = AnswerMessage(capacity: setup.settings.batch)
            own[1] =
                try PingPong.roundTrip(
                    up: message.byteCount, down: answer.byteCount, device: 1, on: place.communicator) ?? 0
        }
        let all = try setup.world.startGather(
            own, into: Buffer(count: isServer ? 2 * setup.world.size : 0), root: 0
        ).wait().receive
        guard isServer, !place.isWhole else { return nil }
        return SplitReport.StagesAlone(
            devices: (1..<setup.world.size).reduce(0) { $0 + all[2 * $1] }, server: all[0], pingPong: all[3])
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
