public import Devices
import FedCore
import MPI
import NeuralNet
import Runtime

/// A simulated device of split inference: a class of a fleet, as far as it means something to a device that only infers.
///
/// Its memory bounds where the model can be cut. Its speed is kept in real time: a pass that was faster here waits until
/// the device would have done it. One that is slower here is not made faster.
public struct SplitDevice: Sendable, Codable, Equatable {
    /// The class's name.
    public var name: String
    /// Bytes for weights and activations, beside the program.
    public var memoryBytes: Int
    /// 10⁹ floating-point operations a second.
    public var gigaflops: Double
    /// 10⁶ bit/s of its link at home, up and down; the slower way of a class, which is what features take.
    public var linkMegabits: Double

    /// Takes what a class states.
    public init(_ device: DeviceClass) {
        name = device.name
        memoryBytes = device.memoryBytes
        gigaflops = device[.gigaflops]
        linkMegabits = device[.up]
    }

    /// Refuses numbers that no class of a fleet can have: they may come from a file of settings.
    func validate() throws(ConfigurationError) {
        guard memoryBytes > 0, DeviceQuantityKind.gigaflops.range.contains(gigaflops),
            Link.possibleMegabitsPerSecond.contains(linkMegabits)
        else { throw ConfigurationError("device '\(name.printable)' has no memory, speed or link that can be") }
    }

    /// Seconds that the device takes for some layers on one image: their operations over its GFLOP/s. What an image takes to
    /// be read, and features to be encoded, is this machine's time and small beside it.
    func secondsPerImage(_ model: Model) -> Double { Double(model.forwardFlops) / (gigaflops * 1e9) }
}

extension SplitSettings {
    /// The simulated device that a rank is: of several they are given out in turn; nil on the server, and where ranks are as
    /// fast as they are.
    func device(of rank: Int) -> SplitDevice? {
        guard let devices, !devices.isEmpty, rank > 0 else { return nil }
        return devices[(rank - 1) % devices.count]
    }

    /// Bytes that a device needs where the model is cut: weights of the layers that it is given, and the two largest
    /// neighbouring tensors of a batch.
    func deviceBytes(_ model: Model, cut: Int) -> Int {
        deviceHas == .model ? model.inferenceBytes(batch: batch) : model.part(0..<cut).inferenceBytes(batch: batch)
    }

    /// Whether every device that some rank is can hold its part of the model.
    func fits(_ model: Model, cut: Int, ranks: Int) -> Bool {
        let bytes = deviceBytes(model, cut: cut)
        return (1..<ranks).allSatisfy { rank in device(of: rank).map { bytes <= $0.memoryBytes } ?? true }
    }

    /// The memory of a device bounds the cut from behind: the further back it is, the more layers are on the device.
    ///
    /// Refuses, on every rank alike and before weights are sent, a cut at which a device lacks the memory, or, where it is to be measured, a model that fits nowhere.
    /// - Parameters:
    ///   - cut: index of the first layer on the server; nil when it is chosen later.
    ///   - ranks: ranks of the job.
    func checkMemory(_ model: Model, cut: Int?, ranks: Int) throws(ConfigurationError) {
        // Nothing on the device is the least that it can have.
        let place = cut ?? 0
        guard !fits(model, cut: place, ranks: ranks) else { return }
        let bytes = deviceBytes(model, cut: place)
        let least = (1..<ranks).compactMap { device(of: $0) }.min { $0.memoryBytes < $1.memoryBytes }
        let layers = deviceHas == .model ? "all layers of" : "the layers before \(place) of"
        let advice =
            deviceHas == .model ? "--device-has front, or a smaller --batch" : "an earlier --cut, or a smaller --batch"
        throw ConfigurationError(
            "device '\(least?.name ?? "")' of --fleet has \(NumberText.grouped((least?.memoryBytes ?? 0) / 1024)) KB, and \(layers) "
                + "\(model.name) take \(NumberText.grouped((bytes + 1023) / 1024)) KB with \(NumberText.count(batch, "image")): \(advice)"
        )
    }
}

/// The pace of a simulated device: what a pass takes at least.
///
/// ```
/// device   │ pass as on a device of the class                │ encode, send
/// rank     │ pass here │ asleep, looking for a stop          │ encode, send
/// ```
///
/// A rank that sleeps in a pass takes no answers meanwhile, as a device that computes takes none.
struct SplitPace {
    /// Seconds of an image.
    let secondsPerImage: Double
    /// Raised when the run is to end, also in the middle of a pass.
    let stop: StopFlag

    /// The pace of a rank's simulated device for some layers; nil where none is simulated.
    init?(_ device: SplitDevice?, _ model: Model, stop: StopFlag) {
        guard let device else { return nil }
        (secondsPerImage, self.stop) = (device.secondsPerImage(model), stop)
    }

    /// Sleeps until a pass over some images has taken as long as the device needs.
    /// - Parameter start: when the pass began (`MonotonicClock`, ns).
    /// - Throws: `Interruption` when the run is asked to stop.
    func wait(since start: Int, images: Int) throws {
        let end = start + Int(min(secondsPerImage * Double(images), 1e9) * 1e9)
        while true {
            let left = end - MonotonicClock.now
            guard left > 0 else { return }
            try stop.check()
            _ = Backoff.default.wait(until: .now + .nanoseconds(min(left, 50_000_000))) { false }
        }
    }
}
