import Cryptography
import FedCore
import Files
import Foundation
import NeuralNet
import Runtime

/// A release that is ready to serve on this device: read, compiled and warmed.
///
/// `@unchecked Sendable`: the thread that loads it gives it away when it is complete, and only the one that serves uses it from then on.
final class LoadedRelease: @unchecked Sendable {
    /// What was offered.
    let release: Release
    /// Each model's benchmark, and whether it is served here.
    let selector: ModelSelector
    /// The compiled models, in the order of the release's.
    let plans: [any InferencePlan]

    init(_ release: Release, _ selector: ModelSelector, _ plans: [any InferencePlan]) {
        (self.release, self.selector, self.plans) = (release, selector, plans)
    }
}

/// Loads releases on a thread beside the one that serves: files are read and checked against their digests, compiled, benchmarked (which
/// warms them), and chosen by the budget that the device's first models were chosen by.
struct ReleaseLoader: Sendable {
    /// Requests are made of them.
    let images: Images
    /// After the device's memory and the tier's size.
    let budget: Budget
    /// What processor times are multiplied by to be the device's.
    let slowdown: Double
    /// Shape that the models of the device take.
    let input: [Int]
    /// Number of classes that they tell apart.
    let classes: Int

    /// Loads a release. Blocks; takes processor time from what serves.
    ///
    /// Benchmarks count processor time, so that what serves beside them does not make them slower.
    ///
    /// - Throws: `ConfigurationError` that says why it cannot be served here; `OneDNNError`.
    func load(_ release: Release) throws -> LoadedRelease {
        Self.yieldToServing()
        let resident = ProcessLimits.residentBytes().now
        var variants: [Variant] = []
        for model in release.models { variants.append(try variant(model, resident: resident)) }
        var benchmark = LatencyBenchmarker()
        (benchmark.passes, benchmark.longest) = (300, 3)
        let clock = SlowedClock(factor: slowdown)
        var candidates: [Candidate] = []
        var plans: [any InferencePlan] = []
        for (variant, model) in zip(variants, release.models) {
            let plan = try variant.plan(batch: 1)
            let latency = try benchmark.run(plan, images: images, clock: clock).latency
            candidates.append(Candidate(variant, name: model.name, accuracy: model.accuracy, latency: latency))
            plans.append(plan)
        }
        // What serves stays in memory beside it until it has taken over.
        let selector = ModelSelector(candidates, budget: budget, programBytes: resident)
        if let refusal = selector.refusal { throw ConfigurationError(refusal) }
        return LoadedRelease(release, selector, plans)
    }

    /// Reads a model's file, and refuses one that is not what was offered, is of another signature, or does not fit beside what serves.
    private func variant(_ model: Release.Model, resident: Int) throws(ConfigurationError) -> Variant {
        guard let path = model.path else { throw ConfigurationError("\(model.name) has no file here") }
        let bytes: [UInt8]
        do { bytes = try ReceivedFile.contents(URL(fileURLWithPath: path)) } catch {
            throw ConfigurationError("\(model.name) cannot be read: \(error)")
        }
        guard SHA256.hash(bytes).hexadecimal == model.digest else {
            throw ConfigurationError("\(model.name) is not what was registered: its SHA-256 is another")
        }
        // Decoded, matched with the model and compiled it is in memory a few times; an allocation that fails would end the device.
        let need = Double(resident + Self.copies * bytes.count)
        if let limit = budget.memoryBytes, need > limit {
            throw ConfigurationError(
                "\(model.name) needs \(Quantity.text(need / 1e6)) MB of memory beside what serves; there are "
                    + Quantity.text(limit / 1e6))
        }
        let variant = try Variant(reading: path)
        guard variant.model.input.extents == input, variant.model.classes == classes else {
            throw ConfigurationError("\(model.name) is of another signature")
        }
        return variant
    }

    /// How often a file's bytes are in memory while it is loaded, at most.
    private static let copies = 5

    /// Gives the calling thread little of a core that it shares with the one that serves (on Linux niceness is a thread's).
    private static func yieldToServing() {
        _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 15)
    }
}
