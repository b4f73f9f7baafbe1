import MPI
import NeuralNet
import Runtime

/// The measurements behind `--cut auto`: every rank times its side of every boundary of the model, and rank 0 times
/// each device's link by ping-pong. Rank 0 makes a ``CutTable`` of them.
///
/// Compute is measured in processor time, not in time that passes: ranks of one host measure all at once, and where
/// they share cores, the time that passes would charge each rank for its neighbours. The table accounts for shared
/// cores by itself (``CutTable/Limit/cores``).
enum CutMeasurement {
    /// Timed passes of each boundary, after one that warms up. Their median is used, which one preempted pass does not
    /// move.
    private static let passes = 7

    /// Measures every boundary and every link. Collective: every rank calls it with equal arguments, before the run.
    ///
    /// Layers are compiled and run for each of the `layers + 1` boundaries, with the run's batch size and encoding, so
    /// the cost grows with the square of the number of layers. Links are measured one device after another, so that
    /// they do not disturb each other.
    ///
    /// - Parameters:
    ///   - model: The whole model. Its weights do not matter for the time and are left at zero.
    ///   - settings: Batch, window, encoding, threads and simulated bandwidths of the run.
    ///   - objective: What the cut is to be best for.
    ///   - hosts: Each rank's host name, by rank.
    ///   - cores: Cores of each rank's host, by rank.
    ///   - communicator: The one of the run, so that a simulated slow link is part of what is measured.
    /// - Returns: The table on rank 0, nil on devices.
    /// - Throws: ``ConfigurationError`` for an unknown encoding, `OneDNNError`, `MPIError`.
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
            let busy = devices.map { value($0, cut) }
            var costs = CutTable.Costs(
                deviceSeconds: busy.max() ?? 0, serverSeconds: isWhole ? 0 : value(0, cut),
                upBytes: isWhole ? 0 : Double(message.byteCount) / Double(settings.batch),
                downBytes: isWhole ? 0 : answer)
            if settings.devices != nil {
                costs.busyDeviceSeconds = costs.deviceSeconds
                costs.deviceSeconds = deviceSeconds(busy, cut, model, settings)
            }
            return costs
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

    /// Seconds of an image on the slowest of the simulated devices, each as fast as this machine at most; infinite where one
    /// has not the memory.
    /// - Parameter busy: measured processor seconds of each device's rank, from rank 1 on.
    private static func deviceSeconds(
        _ busy: [Double], _ cut: Int, _ model: Model, _ settings: SplitSettings
    ) -> Double {
        guard model.isCuttable(at: cut), settings.fits(model, cut: cut, ranks: busy.count + 1) else { return .infinity }
        let front = model.part(0..<cut)
        return busy.enumerated().map { index, seconds in
            max(seconds, settings.device(of: index + 1)?.secondsPerImage(front) ?? 0)
        }.max() ?? 0
    }

    /// Times a device's side: the layers before a cut, then the encoding of what they put out, unless the cut is behind
    /// the last layer, where nothing is sent.
    ///
    /// - Returns: Processor seconds of one image.
    private static func secondsBefore(
        _ cut: Int, _ model: Model, _ settings: SplitSettings, _ codec: any FeatureCodec
    ) throws -> Double {
        guard model.isCuttable(at: cut) else { return .infinity }
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

    /// Times the server's side: decoding a full message, then the layers behind a cut. The server's real passes may be
    /// larger (`--max-batch`), so this errs on the slow side.
    ///
    /// - Returns: Processor seconds of one image.
    private static func secondsBehind(
        _ cut: Int, _ model: Model, _ settings: SplitSettings, _ codec: any FeatureCodec
    ) throws -> Double {
        guard model.isCuttable(at: cut) else { return .infinity }
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

    /// Runs a pass ``passes`` times, after one to warm up.
    ///
    /// - Parameter images: Images in a pass.
    /// - Returns: The median pass's processor seconds, divided by `images`.
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
