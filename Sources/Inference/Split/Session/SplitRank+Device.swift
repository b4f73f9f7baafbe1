import FedCore
import MPI
import NeuralNet
import Runtime

extension SplitRank {
    /// A device's part of the run: streams features to the server (or runs all layers itself, when they are on the
    /// devices), delivers its report, and waits to be let go. When the server is lost, goes on alone.
    ///
    /// - Throws: ``SplitServerLost`` when the server is lost and the layers behind the cut are not here;
    ///   `Interruption`; others.
    func stream() throws -> SplitInference.Outcome {
        let watch = watch([0])
        let images = setup.images(of: rank - 1)
        let front = FrontStage(plans, images: images, batch: setup.settings.batch, pace: pace(plans.model))
        let stream = try DeviceStream(
            setup.settings, front: front, requests: isWhole ? 0 : images.requests, devices: setup.devices,
            on: communicator, watch: watch, stop: setup.stop, backoff: setup.backoff)
        var report = try stream.run()
        if isWhole {
            report.labels = [Int32](repeating: -1, count: images.requests)
            try LocalStream(setup.settings, whole: front, stop: setup.stop).finish(&report, from: 0, arrivals(images)) {
                _ = try watch.look()
            }
        }
        let channel = ReportChannel(setup, watch)
        if !report.lostServer, let hasLostRanks = try channel.deliver(report, to: 0) {
            try leave(0, channel)
            return SplitInference.Outcome(report: nil, hasLostRanks: hasLostRanks, endsJob: { false })
        }
        report.lostServer = true
        return try goOnAlone(report, images, channel, watch)
    }

    /// The pace at which this rank's simulated device runs some layers; nil where none is simulated.
    func pace(_ layers: Model) -> SplitPace? {
        SplitPace(setup.settings.device(of: rank), layers, stop: setup.stop)
    }

    /// Leaves the run: whoever has the report does not need this rank any more.
    private func leave(_ holder: Int, _ channel: ReportChannel) throws {
        dismissed()
        try channel.acknowledgeShutdown(to: holder)
    }

    /// The arrivals of this device's images when it has all layers.
    private func arrivals(_ images: DeviceImages) -> Arrivals {
        setup.settings.rate.map {
            Arrivals(
                count: images.requests, rate: $0 / Double(setup.devices), seed: setup.settings.seed, rank: rank)
        } ?? .atOnce
    }

    /// Ends the run without the server: classifies here what has no prediction, if the layers are here, then elects a
    /// collector.
    ///
    /// The first device that is not lost collects the reports and does with them what the server would have done. Every
    /// device applies that rule to its own view of who is lost; when the collector is lost in turn, `deliver` returns
    /// nil and the rule is applied again, with the collector's rank passed over.
    ///
    /// - Parameters:
    ///   - partial: This device's report so far.
    ///   - images: Its images.
    ///   - channel: Carries the reports.
    ///   - watch: Watches rank 0 so far, and all other devices from here on.
    private func goOnAlone(
        _ partial: SplitDeviceReport, _ images: DeviceImages, _ channel: ReportChannel, _ watch: PeerWatch
    ) throws -> SplitInference.Outcome {
        let missing = partial.labels.count { $0 < 0 }
        guard setup.settings.deviceHas == .model || missing == 0 else {
            throw SplitServerLost(missing: missing, images: images.requests)
        }
        note(
            "rank 0 is lost: \(watch.reason(of: 0)); \(missing) of \(images.requests) images are finished here, by the "
                + "whole model")
        let others = (1..<setup.world.size).filter { $0 != self.rank }
        watch.watch(alsoFor: others)
        var report = partial
        if missing > 0 {
            let plans = try setup.plans(0..<setup.model.layers.count, weights, largest: setup.settings.batch)
            let whole = FrontStage(
                plans, images: images, batch: setup.settings.batch, pace: pace(setup.model))
            try LocalStream(setup.settings, whole: whole, stop: setup.stop)
                .finish(&report, from: images.requests - missing, .atOnce) {
                    _ = try watch.look()
                }
        }
        var outcome: SplitReport?
        while outcome == nil {
            let leader = others.filter { !watch.isLost($0) }.min() ?? rank
            if leader > rank || leader == rank {
                let left = others.filter { !watch.isLost($0) }
                let reports = try channel.collect(from: left) { rank, reason in
                    note("lost rank \(rank): \(reason); nobody knows its predictions")
                }
                _ = try channel.dismiss(reports.map(\.rank), hasLostRanks: true)
                released()
                let lost = [0] + others.filter { other in !reports.contains { $0.rank == other } }
                let all = ([report] + reports).sorted { $0.rank < $1.rank }
                outcome = try self.report(all, nil, lost: lost, nil, unsplit: nil)
            } else if try channel.deliver(report, to: leader) != nil {
                try leave(leader, channel)
                break
            }
        }
        let (processes, own) = (setup.processes, rank)
        return SplitInference.Outcome(report: outcome, hasLostRanks: true) {
            !others.contains { $0 < own && !watch.isLost($0) && !processes.isGone($0) }
        }
    }
}
