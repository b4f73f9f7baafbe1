import FedCore
import Federation
import Foundation
import Inference
import MPI
import MPITesting
import NeuralNet
import TestSupport
import Testing

@testable import Runtime

/// Ranks that stop in the midst of a run: here they return, and are silent from then on.
@Suite(.tags(.wholeRun), .unlessQuick) struct LostRankTests {
    private struct End: Sendable {
        var report: SplitReport?
        var hasLostRanks = false
        var error: String?
        var notes: [String] = []
        var endsJob = false
    }

    /// A run of 600 images that arrive over half a second, in which one rank stops after a while.
    private func run(
        losing lost: Int, _ change: (inout SplitSettings) -> Void = { _ in }
    ) throws -> [End] {
        var settings = SplitSettings()
        settings.dataset = "synthetic"
        settings.images = 600
        settings.rate = 1_200
        settings.batch = 4
        settings.failureTimeout = 1
        change(&settings)
        let (shared, model) = (settings, try Models.standard.named("edgecnn-small"))
        let trained = TrainedModel(model, weights: model.initialWeights(seed: 3))
        return try ThreadRanks.run(4) { world in
            let stop = StopFlag()
            var end = End()
            do {
                let outcome = try SplitInference.run(
                    world.rank == 0 ? shared : nil, world.rank == 0 ? trained : nil, on: world, stop: stop,
                    ready: {
                        guard world.rank == lost else { return }
                        Thread.detachNewThread {
                            Thread.sleep(forTimeInterval: 0.15)
                            stop.raise(9)
                        }
                    },
                    note: { end.notes.append($0) })
                end.report = outcome.report
                end.hasLostRanks = outcome.hasLostRanks
                end.endsJob = outcome.endsJob()
            } catch {
                end.error = "\(error)"
            }
            return end
        }
    }

    @Test func `a device that is lost costs its own images only`() throws {
        let ends = try run(losing: 2)
        let report = try #require(ends[0].report)
        #expect(ends[2].error == "stopped by signal 9")
        #expect(report.lost == [2] && report.perDevice.map(\.rank) == [1, 3])
        #expect(report.images == 400 && report.imagesLost == 200)
        #expect(report.differences == 0)
        #expect(ends[0].notes.count == 1 && ends[0].notes[0].contains("lost rank 2"))
        for rank in [0, 1, 3] { #expect(ends[rank].hasLostRanks && ends[rank].error == nil) }
        #expect(ends.map(\.endsJob) == [true, false, false, false])
    }

    @Test func `devices that have the model go on alone when the server is lost, and the first of them reports`() throws
    {
        let ends = try run(losing: 0)
        #expect(ends[0].report == nil)
        let report = try #require(ends[1].report)
        #expect(report.lost == [0] && report.perDevice.map(\.rank) == [1, 2, 3])
        #expect(report.images == 600 && report.imagesLost == 0)
        // It was lost after a quarter of the arrivals.
        for device in report.perDevice { #expect(device.lostServer && device.answered < 180) }
        for rank in 1...3 {
            #expect(ends[rank].error == nil && ends[rank].hasLostRanks && ends[rank].notes.count == 1)
            #expect((ends[rank].report == nil) == (rank > 1) && ends[rank].endsJob == (rank == 1))
        }
        // The same weights predict the same.
        let whole = try #require(try run(losing: -1)[0].report)
        #expect(whole.lost.isEmpty)
        #expect(zip(report.perDevice, whole.perDevice).allSatisfy { $0.labels == $1.labels })
    }

    @Test func `devices that have only their layers end with an error when the server is lost`() throws {
        let ends = try run(losing: 0) { $0.deviceHas = .front }
        for rank in 1...3 {
            let error = try #require(ends[rank].error)
            #expect(error.contains("rank 0 is lost") && error.contains("of 200 images have no prediction"), "\(error)")
        }
    }
}
