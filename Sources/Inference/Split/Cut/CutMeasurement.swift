import MPI
import NeuralNet
import Runtime

/// Measures what a `CutTable` needs: every rank its side of every boundary, and the links by ping-pong.
enum CutMeasurement {
    /// Passes of each boundary; their median counts.
    private static let passes = 7

    /// Collective.
    /// - Parameters:
    ///   - hosts: of each rank; cores: of each rank's host.
    /// - Returns: on rank 0; elsewhere nil.
    static func table(
        _ model: Model, _ settings: SplitSettings, for objective: SplitSettings.Objective,
        hosts: [String], cores: [Int], on communicator: any Communicator
    ) throws -> CutTable? {
        let isServer = communicator.rank == 0
        let codec = try FeatureCodecs.named(settings.features)
        let cuts = model.layers.count + 1
        // A column for each cut, then this rank's link.
        var own = Buffer<Double>(count: cuts + 2)
        for cut in 0..<cuts {
            own[cut] =
                isServer
                ? try secondsBehind(cut, model, settings, codec) : try secondsBefore(cut, model, settings, codec)
        }
        _ = try communicator.startBarrier().wait()
        for device in 1..<communicator.size {
            guard isServer || communicator.rank == device else { continue }
            if let link = try PingPong.estimate(device: device, on: communicator) {
                own[cuts] = link.latency
                own[cuts + 1] = link.bandwidth
            }
        }
        let all = try communicator.startGather(
            own, into: Buffer(count: isServer ? (cuts + 2) * communicator.size : 0), root: 0
        ).wait().receive
        guard isServer else { return nil }
        func value(_ rank: Int, _ column: Int) -> Double { all[rank * (cuts + 2) + column] }
        let devices = 1..<communicator.size
        let answer = Double(AnswerMessage.bytes(images: settings.batch)) / Double(settings.batch)
        let costs = (0..<cuts).map { cut in
            let message = FeatureMessage(
                words: codec.wordCount(elements: model.shapes[cut].count), capacity: settings.batch)
            let isWhole = cut == cuts - 1
            return CutTable.Costs(
                deviceSeconds: devices.map { value($0, cut) }.max() ?? 0, serverSeconds: isWhole ? 0 : value(0, cut),
                upBytes: isWhole ? 0 : Double(message.byteCount) / Double(settings.batch),
                downBytes: isWhole ? 0 : answer)
        }
        let link = LinkEstimate(
            latency: devices.map { value($0, cuts) }.max() ?? 0,
            bandwidth: devices.map { value($0, cuts + 1) }.min() ?? .infinity)
        let ranksByHost = Dictionary(grouping: hosts.indices, by: { hosts[$0] }).values
        let perHost = ranksByHost.sorted { $0[0] < $1[0] }.map { ranks in
            CutTable.Conditions.Host(
                devices: ranks.count { $0 > 0 }, hasServer: ranks.contains(0), cores: cores[ranks[0]])
        }
        let conditions = CutTable.Conditions(
            batch: settings.batch, window: settings.window, link: link,
            serverBandwidth: settings.serverBandwidthMbps.map { $0 * 1e6 / 8 }, hosts: perHost)
        return CutTable(costs, conditions, for: objective)
    }

    private static func secondsBefore(
        _ cut: Int, _ model: Model, _ settings: SplitSettings, _ codec: any FeatureCodec
    ) throws -> Double {
        let part = model.part(0..<cut)
        let plan = try Plan(part, batch: settings.batch, purpose: .inference, threads: settings.threads)
        let message = FeatureMessage(words: codec.wordCount(elements: part.output.count), capacity: settings.batch)
        let slot = MessageSlot(byteCount: message.byteCount)
        let elements = part.output.count
        let isWhole = cut == model.layers.count
        return try median(settings.batch) {
            try plan.forward(settings.batch)
            if isWhole { return }
            plan.withOutput { output in
                message.write(to: slot, sequence: 0, images: settings.batch) { i, words, start in
                    codec.encode(output.extracting(i * elements..<(i + 1) * elements), into: &words, at: start)
                }
            }
        }
    }

    private static func secondsBehind(
        _ cut: Int, _ model: Model, _ settings: SplitSettings, _ codec: any FeatureCodec
    ) throws -> Double {
        let part = model.part(cut..<model.layers.count)
        let plan = try Plan(part, batch: settings.batch, purpose: .inference, threads: settings.threads)
        let message = FeatureMessage(words: codec.wordCount(elements: part.input.count), capacity: settings.batch)
        let slot = MessageSlot(byteCount: message.byteCount)
        let elements = part.input.count
        return try median(settings.batch) {
            plan.withInput { input in
                message.read(slot, images: settings.batch) { i, words in
                    codec.decode(words, into: &input, at: i * elements, count: elements)
                }
            }
            try plan.forward(settings.batch)
        }
    }

    /// Processor seconds of an image.
    private static func median(_ images: Int, _ pass: () throws -> Void) throws -> Double {
        try pass()
        var times: [Int] = []
        for _ in 0..<passes {
            let start = ProcessorClock.now
            try pass()
            times.append(ProcessorClock.now - start)
        }
        return Double(times.sorted()[passes / 2]) / 1e9 / Double(images)
    }
}
