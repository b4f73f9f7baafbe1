import ArgumentParser
import Devices
import FedCore
import NeuralNet

/// What a model on a device may cost, with the field's usual limits: 10 MB of weights, 256 MB of memory, 100 ms an image.
struct ClassLimitOptions: ParsableArguments {
    /// MB of 10⁶ bytes, as `serve` has it.
    @Option(help: "Most MB of a model's weights on a device.")
    var maxSizeMb = 10.0

    /// MB of 10⁶ bytes; a class's own memory is a limit besides.
    @Option(
        help: "Most MB of memory of inference on a device: weights and activations. A class's memory-kb is one, too.")
    var maxMemoryMb = 256.0

    /// Latency of one image, from the class's GFLOP/s.
    @Option(help: "Longest simulated time of an image on a device, in ms.")
    var maxLatencyMs = 100.0

    /// Tried from the widest on, where the model itself does not fit.
    @Option(help: "Widths of a model that is narrowed where it does not fit whole.")
    var widths = "0.5,0.25,0.125"

    /// Refuses limits that are not positive numbers.
    private func check() throws(ConfigurationError) {
        let limits = [
            ("--max-size-mb", maxSizeMb), ("--max-memory-mb", maxMemoryMb), ("--max-latency-ms", maxLatencyMs),
        ]
        for (name, value) in limits where !(value > 0 && value <= 1e9) {
            throw ConfigurationError("\(name) is \(value); it must be greater than 0")
        }
    }

    /// Judges every model of the catalog on every class.
    /// - Throws: `ConfigurationError` for a limit that is none.
    func table(_ fleet: Devices.Fleet) throws(ConfigurationError) -> ClassLimits {
        try check()
        let shares = try ClientWidths(widths, seed: 0).widths.filter { $0 < 1 }
        return ClassLimits(
            sizeMegabytes: maxSizeMb, memoryMegabytes: maxMemoryMb, latencyMilliseconds: maxLatencyMs,
            models: try Models.standard.names.map { (name) throws(ConfigurationError) in
                let model = try Models.standard.named(name)
                return ClassLimits.OfModel(
                    model: name, classes: fleet.classes.map { verdict(on: model, for: $0, shares) })
            })
    }

    /// The first of a model's variants that a class can serve, from the most accurate on, as far as one can say without
    /// training: whole, in whole numbers of eight bits, then narrower, each as it is and in eight bits.
    ///
    /// Models of layers that cannot be quantised, or narrowed, have no such variants.
    private func verdict(on model: Model, for device: DeviceClass, _ shares: [Double]) -> ClassLimits.OnClass {
        let whole = ServedVariant(model, width: 1, isQuantized: false)
        let reasons = reasons(against: whole, on: device)
        var fitting = reasons.isEmpty ? whole : nil
        for width in [1] + shares where fitting == nil {
            let outputs = model.widths.map { ClientWidths.channels(width, of: $0) }
            guard let narrowed = width == 1 ? model : try? model.narrowed(to: outputs) else { continue }
            for isQuantized in width == 1 ? [true] : [false, true] {
                guard !isQuantized || narrowed.inferenceStages != nil else { continue }
                let variant = ServedVariant(narrowed, width: width, isQuantized: isQuantized)
                guard fitting == nil, self.reasons(against: variant, on: device).isEmpty else { continue }
                fitting = variant
            }
        }
        return ClassLimits.OnClass(
            device: device.name, fits: reasons.isEmpty, reasons: reasons, variant: fitting?.name,
            milliseconds: fitting?.milliseconds(on: device))
    }

    /// The limits that a variant exceeds on a class; none: it fits.
    private func reasons(against variant: ServedVariant, on device: DeviceClass) -> [String] {
        var reasons: [String] = []
        if Double(variant.storedBytes) > maxSizeMb * 1e6 {
            reasons.append("size \(Format.fixed(Double(variant.storedBytes) / 1e6, 1)) MB")
        }
        if Double(variant.memoryBytes) > min(maxMemoryMb * 1e6, Double(device.memoryBytes)) {
            reasons.append("memory \(Format.grouped((variant.memoryBytes + 1023) / 1024)) KiB")
        }
        let latency = variant.milliseconds(on: device)
        if latency > maxLatencyMs { reasons.append("\(Format.grouped(Int(latency.rounded(.up)))) ms") }
        return reasons
    }
}

/// A model as a device would hold it: counted, not measured. Nobody trains or quantises it for this.
private struct ServedVariant {
    /// `f32`, `int8`, or with a width, `0.5 int8`.
    let name: String
    /// Bytes of the weights, scales and headers left out.
    let storedBytes: Int
    /// Bytes of weights and activations, one image at a time.
    let memoryBytes: Int
    /// Floating-point operations of an image; as many whole numbers' of one in eight bits, whose gain differs by processor.
    private let flops: Int

    init(_ model: Model, width: Double, isQuantized: Bool) {
        let number = isQuantized ? 1 : 4
        name = (width < 1 ? "\(width) " : "") + (isQuantized ? "int8" : "f32")
        storedBytes = number * model.parameterCount
        memoryBytes = model.inferenceBytes(batch: 1, number: number)
        flops = model.forwardFlops
    }

    /// Simulated milliseconds of an image.
    func milliseconds(on device: DeviceClass) -> Double { Double(flops) / (device[.gigaflops] * 1e6) }
}

/// What each class of a fleet could serve of each model: whole, or why not, and which variant instead.
struct ClassLimits: Encodable {
    /// The limits.
    let sizeMegabytes, memoryMegabytes, latencyMilliseconds: Double
    /// A row for each model.
    let models: [OfModel]

    /// A model on all classes.
    struct OfModel: Encodable {
        /// Name in the catalog.
        let model: String
        /// In the fleet's order.
        let classes: [OnClass]
    }

    /// A model on one class.
    struct OnClass: Encodable {
        /// Name of the class.
        let device: String
        /// Whether the model fits as it is.
        let fits: Bool
        /// The limits that it exceeds, with what it takes.
        let reasons: [String]
        /// The first variant that fits: `f32`, `int8`, `0.5 f32`; nil when none does.
        let variant: String?
        /// Its simulated milliseconds an image.
        let milliseconds: Double?

        /// In a cell, with milliseconds: `f32 0.20`, or `int8 24.00 m`, or `none m,t`: the kinds of the reasons.
        var text: String {
            let time = milliseconds.map { $0 < 0.005 ? "<0.01" : Format.fixed($0, 2) } ?? "-"
            let found = variant.map { "\($0) \(time)" } ?? "none"
            return fits ? found : found + " " + kinds.joined(separator: ",")
        }

        /// What is exceeded, without the amounts.
        private var kinds: [String] {
            reasons.map { ["size", "memory"].first(where: $0.hasPrefix)?.prefix(1) ?? "t" }.map(String.init)
        }
    }

    /// A table: of each model and class the variant that fits, and before it why the model itself does not.
    var text: String {
        var table = TextTable(
            [("model", .left)] + (models.first?.classes ?? []).map { ($0.device, .left) })
        for model in models { table.add([model.model] + model.classes.map(\.text)) }
        return """
            Serving, counted: the variant that fits, its simulated ms an image, and what
            keeps the model as it is from fitting: s size, m memory, t time. A small model
            takes some times longer in `fedmpi serve`, which measures it (--json: amounts)
            \(table.text)
            within \(number(sizeMegabytes)) MB of weights (size), \(number(memoryMegabytes)) MB for weights and tensors or the class's
            memory-kb (memory), and \(number(latencyMilliseconds)) ms (time): operations over GFLOP/s. `fedmpi serve
            --profiles` takes the same size and memory for a class, and measures its time.
            """
    }

    /// As short as it reads.
    private func number(_ value: Double) -> String {
        value == value.rounded() && value < 1e15 ? Format.grouped(Int(value)) : "\(value)"
    }
}
