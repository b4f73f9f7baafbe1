import Devices
import FedCore
import Inference
import MPI
import MPITesting
import NeuralNet
import Runtime
import TestSupport
import Testing

/// Whole runs with ranks as threads.
@Suite(.tags(.wholeRun), .unlessQuick) struct SplitRunTests {
    private static let model = try? Models.standard.named("edgecnn-small")

    private func settings(_ change: (inout SplitSettings) -> Void = { _ in }) -> SplitSettings {
        var settings = SplitSettings()
        settings.dataset = "synthetic"
        settings.images = 203
        settings.batch = 8
        settings.failureTimeout = 60
        change(&settings)
        return settings
    }

    private func run(
        _ ranks: Int, _ settings: SplitSettings, measures: Bool = true, model name: String = "edgecnn-small"
    ) throws -> SplitReport {
        let model = try Models.standard.named(name)
        let trained = TrainedModel(model, weights: model.initialWeights(seed: 3))
        let reports = try ThreadRanks.run(ranks) { world in
            let isServer = world.rank == 0
            let outcome = try SplitInference.run(
                isServer ? settings : nil, isServer ? trained : nil, measures: measures, on: world)
            #expect(!outcome.hasLostRanks)
            return outcome.report
        }
        #expect(reports.dropFirst().allSatisfy { $0 == nil })
        return try #require(reports[0])
    }

    @Test(arguments: [nil, SplitSettings.Objective.throughput]) func `Devices of a fleet say the same, at their pace`(
        objective: SplitSettings.Objective?
    ) throws {
        var (small, large) = (DeviceClass("small"), DeviceClass("large"))
        (small[.gigaflops], small[.memory], small[.up]) = (0.02, 900, 100)
        (large[.gigaflops], large[.up]) = (10_000, 1_000)
        let report = try run(
            3,
            settings {
                $0.images = 60
                $0.devices = [SplitDevice(small), SplitDevice(large)]
                if let objective { $0.cut = .automatic(objective) }
            })
        #expect(report.images == 60 && report.differences == 0)
        let model = try #require(Self.model)
        let front = model.part(0..<report.cut)
        let least = 30 * Double(front.forwardFlops) / 0.02e9
        #expect(report.perDevice[0].computingSeconds >= least)
        if objective == nil { #expect(least > 0.1 && report.perDevice[1].computingSeconds < least) }
        if let cuts = report.cuts {
            for row in cuts.rows where row.costs.deviceSeconds.isFinite {
                let costs = row.costs
                #expect(costs.deviceSeconds >= Double(model.part(0..<row.cut).forwardFlops) / 0.02e9 * 0.999)
                #expect(try #require(costs.busyDeviceSeconds) <= costs.deviceSeconds)
            }
        }
    }

    @Test(arguments: [
        (2, 1, 1, 8), (4, 8, 3, 8), (4, 8, 3, 64), (3, 5, 2, 7),
    ])
    func `every image has the unsplit model's prediction, whatever the batches`(
        ranks: Int, batch: Int, window: Int, maxBatch: Int
    ) throws {
        let report = try run(
            ranks,
            settings {
                $0.batch = batch
                $0.window = window
                $0.maxBatch = maxBatch
            })
        #expect(report.images == 203 && report.imagesLost == 0)
        #expect(report.differences == 0)
        #expect(report.accuracy == report.unsplitAccuracy)
        #expect(report.perDevice.map(\.rank) == Array(1..<ranks))
        // 203 = 68 + 68 + 67 of three devices.
        if ranks == 4 { #expect(report.perDevice.map(\.labels.count) == [68, 68, 67]) }
        for device in report.perDevice {
            #expect(device.mostInFlight <= window && device.answered == device.labels.count)
            #expect(device.messages == (device.labels.count + batch - 1) / batch)
        }
        let server = try #require(report.server)
        #expect(server.images == 203 && server.largestPass <= maxBatch)
        #expect(server.places == window && server.mostWaiting <= window * (ranks - 1))
        for (_, histogram) in report.latencies.stages { #expect(histogram.count == 203) }
    }

    @Test(arguments: 0...(model?.layers.count ?? 0))
    func `a model is cut anywhere to the same predictions`(cut: Int) throws {
        let layers = try Models.standard.named("edgecnn-small").layers.count
        let report = try run(3, settings { $0.cut = .layer(cut) })
        #expect(report.cut == cut && report.images == 203)
        #expect(report.differences == 0)
        #expect((report.server == nil) == (cut == layers))
    }

    @Test(arguments: ["f16", "int8", "uint8"])
    func `features that were rounded change few predictions`(name: String) throws {
        let report = try run(3, settings { $0.features = name })
        #expect(report.images == 203)
        #expect(try #require(report.differences) <= (name == "f16" ? 2 : 20))
        #expect(report.bytes.features < report.bytes.rawFloat)
    }

    @Test func `the server keeps no more messages than it has room for`() throws {
        // Room for one message of each device, though devices have eight under way.
        let report = try run(
            4,
            settings {
                $0.window = 8
                $0.serverBytes = 1
            })
        let server = try #require(report.server)
        #expect(server.places == 1 && server.mostWaiting <= 3)
        #expect(report.images == 203 && report.differences == 0)
    }

    @Test func `images that arrive at random times are all classified, and wait from their arrival on`() throws {
        let report = try run(3, settings { $0.rate = 4_000 }, measures: false)
        #expect(report.images == 203)
        #expect(report.differences == nil)
        // 203 arrivals at 4,000 a second take 51 ms, give or take three deviations of 3.6 ms.
        #expect(report.seconds > 0.03)
        let total = report.latencies.total.summary
        #expect(total.count == 203 && total.max > 0)
    }

    @Test func `the automatic cut is one of the model's, and the table says why`() throws {
        let report = try run(3, settings { $0.cut = .automatic(.throughput) })
        let table = try #require(report.cuts)
        #expect(table.rows.count == report.layers + 1 && table.best == report.cut)
        #expect(report.differences == 0)
    }

    @Test func `on a slow link everything stays on the device`() throws {
        let report = try run(
            2,
            settings {
                $0.cut = .automatic(.latency)
                $0.latencyMs = 20
                $0.images = 16
            })
        #expect(report.cut == report.layers)
        #expect(report.server == nil && report.bytes.up == 0)
    }

    @Test func `a simulated link is as slow as it says, both ways`() throws {
        let report = try run(
            2,
            settings {
                $0.latencyMs = 5
                $0.window = 1
                $0.images = 24
            })
        #expect(report.latencies.network.summary.p50 >= 0.0099)
    }

    @Test func `what cannot be is refused on every rank alike`() throws {
        let model = try #require(Self.model)
        let trained = TrainedModel(model, weights: model.initialWeights(seed: 3))
        func message(_ settings: SplitSettings) throws -> [String] {
            try ThreadRanks.outcomes(2) { world in
                _ = try SplitInference.run(
                    world.rank == 0 ? settings : nil, world.rank == 0 ? trained : nil, on: world)
            }.map { outcome in
                guard case .failure(let error) = outcome else { return "" }
                return "\(error)"
            }
        }
        let cut = try message(settings { $0.cut = .layer(99) })
        #expect(cut[0] == cut[1] && cut[0].contains("--cut is 99"))
        #expect(try message(settings { $0.maxBatch = 4 })[1].contains("--max-batch is 4"))
        #expect(try message(settings { $0.features = "f8" })[1].contains("f32, f16, int8, uint8"))
        #expect(throws: ConfigurationError.self) {
            _ = try SplitInference.run(settings(), trained, on: LoopbackCommunicator())
        }
    }

    @Test(arguments: [0, 0.000_9, 1e-30, 1e6 + 1, .infinity, .nan])
    func `bandwidths that no link has are refused`(bandwidth: Double) {
        let accepted = "is \(bandwidth); it must be from 0.001 to 1000000"
        for (name, settings) in [
            ("--bandwidth-mbps", settings { $0.bandwidthMbps = bandwidth }),
            ("--server-bandwidth-mbps", settings { $0.serverBandwidthMbps = bandwidth }),
        ] {
            do {
                try settings.validate()
                Issue.record("\(bandwidth) is accepted")
            } catch {
                #expect("\(error)" == "\(name) \(accepted)")
            }
        }
    }

    @Test func `a job is accepted once all is checked, and may be refused then on every rank`() throws {
        let model = try #require(Self.model)
        let trained = TrainedModel(model, weights: model.initialWeights(seed: 3))
        func outcomes(_ settings: SplitSettings) throws -> [String] {
            try ThreadRanks.outcomes(2) { world in
                _ = try SplitInference.run(
                    world.rank == 0 ? settings : nil, world.rank == 0 ? trained : nil, on: world,
                    accepted: { throw ConfigurationError("no folder, asked on rank \(world.rank)") },
                    ready: { Issue.record("a job that was refused is ready") })
            }.map { outcome in
                guard case .failure(let error) = outcome else { return "" }
                return "\(error)"
            }
        }
        #expect(try outcomes(settings()) == ["no folder, asked on rank 0", "no folder, asked on rank 0"])
        #expect(try outcomes(settings { $0.cut = .layer(99) }).allSatisfy { $0.contains("--cut is 99") })
    }
}
