import Datasets
import FedCore
import Foundation
import MPI
import NeuralNet
import Runtime

extension SplitRank {
    /// Rank 0's part of the run: serves the devices, collects their reports, lets the devices go, and makes the report.
    /// The comparison with the unsplit model comes last, when nobody waits for it.
    ///
    /// - Parameters:
    ///   - alone: What was measured before the run, if it was.
    ///   - verifies: Whether predictions are compared with the unsplit model's.
    /// - Throws: `Interruption` when the run is asked to stop; `MPIError`, `OneDNNError`.
    func serve(_ alone: SplitReport.StagesAlone?, verifies: Bool) throws -> SplitInference.Outcome {
        let devices = Array(1..<setup.world.size)
        let watch = watch(devices)
        var server: ServerReport?
        var dropped: Set<Int> = []
        if !isWhole {
            let stream = try ServerStream(
                setup.settings, back: plans, expected: devices.map { setup.images(of: $0 - 1).requests },
                on: communicator, watch: watch, stop: setup.stop, backoff: setup.backoff,
                whenLost: { rank, reason in
                    dropped.insert(rank)
                    note("lost rank \(rank): \(reason); its other images have no prediction")
                })
            try stream.run()
            server = stream.report
        }
        let left = devices.filter { !dropped.contains($0) }
        let reports = try ReportChannel(setup, watch).collect(from: left) { rank, reason in
            dropped.insert(rank)
            note("lost rank \(rank): \(reason); nobody knows its predictions")
        }
        let haveAllLeft = try ReportChannel(setup, watch).dismiss(reports.map(\.rank), hasLostRanks: !dropped.isEmpty)
        released()
        let report = try self.report(
            reports, server, lost: dropped.sorted(), alone, unsplit: verifies ? unsplitPredictions() : nil)
        return SplitInference.Outcome(
            report: report, hasLostRanks: !dropped.isEmpty || !haveAllLeft, endsJob: { true })
    }

    /// Runs the unsplit model, in batches of up to 64, on each image of the data set that the run uses.
    ///
    /// - Returns: A class for each image, by its index in the data set.
    private func unsplitPredictions() throws -> [Int32] {
        let count = min(setup.data.count, setup.settings.images ?? .max)
        let batch = min(64, count)
        let whole = try BatchPlans(setup.model, weights: weights.span, largest: batch, threads: setup.settings.threads)
        let images = DeviceImages(data: setup.data, devices: 1, device: 0, total: count)
        let stage = FrontStage(whole, images: images, batch: batch)
        let classes = setup.model.classes
        var labels: [Int32] = []
        labels.reserveCapacity(count)
        for start in stride(from: 0, to: count, by: batch) {
            let images = min(batch, count - start)
            try stage.run(from: start, count: images) { scores in
                for i in 0..<images {
                    labels.append(Prediction(scores: scores.extracting(i * classes..<(i + 1) * classes)).label)
                }
            }
        }
        return labels
    }

    /// Puts the report together from what each rank measured.
    ///
    /// - Parameters:
    ///   - reports: Of the devices that were not lost, by rank.
    ///   - server: The server's; nil when it had nothing to do, or is lost.
    ///   - lost: Ranks that were lost.
    ///   - alone: Rates of the stages without each other; nil if not measured.
    ///   - unsplit: The unsplit model's classes by index in the data set; nil: predictions are not compared.
    func report(
        _ reports: [SplitDeviceReport], _ server: ServerReport?, lost: [Int], _ alone: SplitReport.StagesAlone?,
        unsplit: [Int32]?
    ) throws -> SplitReport {
        let settings = setup.settings
        let codec = try FeatureCodecs.named(settings.features)
        var latencies = StageLatencies()
        var (correct, unsplitCorrect, differences, images) = (0, 0, 0, 0)
        for report in reports {
            latencies.add(report.latencies)
            let own = setup.images(of: report.rank - 1)
            for (request, label) in report.labels.enumerated() where label >= 0 {
                let sample = Int(own.sample(request))
                let truth = Int32(setup.data.label(sample))
                images += 1
                if label == truth { correct += 1 }
                guard let unsplit else { continue }
                if unsplit[sample] == truth { unsplitCorrect += 1 }
                if unsplit[sample] != label { differences += 1 }
            }
        }
        let seconds = reports.map(\.seconds).max() ?? 0
        let features = 4 * codec.wordCount(elements: setup.model.shapes[cut].count)
        let answered = max(1, reports.reduce(0) { $0 + $1.answered })
        return SplitReport(
            settings: settings, model: setup.model.name, layers: setup.model.layers.count, cut: cut,
            features: setup.model.shapes[cut].extents, cuts: cuts, devices: setup.devices, hosts: setup.processes.hosts,
            images: images, imagesLost: (settings.images ?? setup.data.count) - images,
            imagesLostAnswered: max(0, (server?.images ?? 0) - reports.reduce(0) { $0 + $1.answered }),
            seconds: seconds,
            throughput: seconds > 0 ? Double(images) / seconds : 0,
            accuracy: images > 0 ? Double(correct) / Double(images) : 0,
            unsplitAccuracy: unsplit.map { _ in images > 0 ? Double(unsplitCorrect) / Double(images) : 0 },
            differences: unsplit.map { _ in differences },
            bytes: SplitReport.Bytes(
                features: isWhole ? 0 : features,
                up: Double(reports.reduce(0) { $0 + $1.sentBytes }) / Double(answered),
                down: Double(reports.reduce(0) { $0 + $1.receivedBytes }) / Double(answered),
                rawFloat: 4 * setup.model.input.count, rawByte: setup.model.input.count),
            latencies: latencies, server: server, perDevice: reports, lost: lost, alone: alone)
    }
}
