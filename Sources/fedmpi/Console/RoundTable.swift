import Cryptography
import Datasets
import Devices
import FedCore
import Federation
import Foundation
import Launching
import Logging
import NeuralNet
import Recording
import Records

/// The view of a run for people: a header, a line for each round, a progress bar on a terminal, a summary.
///
/// An observer on rank 0, called on the thread of the run. All texts of others go through ``Console``, which makes them
/// printable.
final class RoundTable: RoundObserver {
    /// The run's folder, whose name and path are shown.
    private let folder: RunFolder
    /// What the run works with; the header describes it.
    private let job: Job
    /// The progress bar; nil when nobody watches.
    private let bar: ProgressBar?
    /// The columns, from left to right; some are added when the run starts.
    private var columns = RoundColumns.all

    /// Keeps the best model; nil where none is kept.
    private let best: BestModelWriter?
    /// Where the metrics of the run can be had; nil where nobody asked for them.
    private let metricsURL: String?
    /// Updates that were asked for, and those that were left out as they cannot be used.
    private var updates = (asked: 0, rejected: 0)
    /// Whether nobody said how many clients there are, so that their number is that of the ranks.
    private let isClientPerRank: Bool

    /// Makes the observer; prints nothing.
    ///
    /// - Parameters:
    ///   - folder: the run's folder.
    ///   - job: what the run works with.
    ///   - best: keeps the best model; nil when none is kept.
    ///   - metricsURL: the page of its metrics, which the header names.
    ///   - isClientPerRank: whether the number of clients is that of the ranks because nobody gave one.
    init(
        folder: RunFolder, job: Job, best: BestModelWriter? = nil, metricsURL: String? = nil,
        isClientPerRank: Bool = false
    ) {
        self.isClientPerRank = isClientPerRank
        self.best = best
        self.metricsURL = metricsURL
        self.folder = folder
        self.job = job
        bar = Terminal.isInteractive ? ProgressBar() : nil
    }

    var progressInterval: Duration? { bar == nil ? nil : .milliseconds(200) }

    func runStarted(_ run: RunDescription) {
        let settings = run.settings
        if settings.clientTest > 0 {
            @Sendable func spread(_ record: RoundRecord) -> AccuracySpread? {
                record.clients.flatMap { $0.personal ?? $0.global }
            }
            columns.append(.measured("clients", text: { Format.percent(spread($0)?.mean) }))
            columns.append(.measured("worst 10 %", text: { Format.percent(spread($0)?.worst10) }))
        }
        columns += run.metrics.filter(\.isInTable).map { metric in
            .measured(metric.label, text: { Format.value($0[metric], of: metric) ?? "-" })
        }
        columns = RoundColumns.fitting(
            columns, in: Terminal.isInteractive ? Terminal.size.columns : TableLayout.usualWidth)
        let clientRanks = max(run.ranks - 1, 1)
        // More ranks than clients of a round: some have nothing to do.
        let idle = max(0, clientRanks - settings.cohortSize)
        let hosts = run.distinctHosts
        var partition = settings.partition
        if settings.partition == "dirichlet" { partition += " alpha \(settings.alpha)" }
        if !settings.partitionOptions.values.isEmpty { partition += " \(settings.partitionOptions)" }
        var strategy = settings.strategy
        if !settings.strategyOptions.values.isEmpty { strategy += " \(settings.strategyOptions)" }
        header(
            """
            fedmpi \(Version.current), run \(folder.name)
            model     \(run.model)\(job.model.name == "custom" ? " (\(settings.model))" : ""), \(Format.grouped(run.layout.count)) parameters, \
            \(Format.megabytes(run.layout.count * 4))
            data      \(settings.dataset), \(Format.grouped(run.trainingSamples)) to train, \
            \(Format.grouped(run.testSamples)) to test, \(partition)\
            \(DataLines.header(job.data))\(skew)
            clients   \(Format.grouped(settings.clients))\(isClientPerRank ? " (one per rank)" : ""), \(Format.grouped(settings.cohortSize)) \(run.isAsynchronous ? "in flight" : settings.hasPoissonCohorts ? "a round at most" : "a round"), over \
            \(Format.count(clientRanks, "rank")) on \(Format.count(hosts.count, "host"))\
            \(run.ranks == 1 ? " (one process, no wire)" : "")\(idle > 0 ? ", \(idle) of them idle in each round" : "")
            training  \(strategy), \(work(settings)), seed \(settings.seed)
            """)
        if let names = DataLines.numbered(run.clientNames) { header("named     " + names) }
        if settings.edges > 0 { header("edges     " + Self.edges(settings, ranks: run.ranks)) }
        for line in DataLines.start(of: job) { header(line) }
        for (way, traffic) in [("up", job.codedUplink), ("down", job.codedDownlink)] {
            guard let traffic else { continue }
            let most = traffic.isExact ? "" : "at most "
            header(
                "bytes     \(way) \(most)\(Format.grouped(traffic.bytes)) a \(traffic.isSum ? "rank" : "client") and round instead of "
                    + "\(Format.grouped(traffic.plainBytes)): \(traffic.codec)"
                    + (way == "down" ? ", for who was asked in the round before" : ""))
        }
        if let submodels = job.submodels {
            header(
                "\(submodels.dimension)s    "
                    + Self.widths(submodels.clients, submodels.models, settings) { submodels.own($0) })
        }
        if let scores = job.scores {
            header("widths    " + Self.widths(scores.clients, scores.models, settings) { scores.own($0) })
        }
        if let teacher = teacher() { header("teacher   " + teacher) }
        if !run.stages.isEmpty { header("stages    \(run.stages)") }
        if let split = split() { header("split     " + split) }
        if let line = job.privacyLine { header("privacy   " + line) }
        if let line = job.unprotectedLine { header("          " + line) }
        if let line = job.secureLine { header("masks     " + line) }
        if let fleet = job.fleet { header("fleet     " + devices(fleet, settings)) }
        if let metricsURL { header("metrics   " + metricsURL) }
        if let simulated = simulated(settings) { header("simulated " + simulated) }
        if run.ranks > 1, case .fatal(let reason) = Guardian.policy {
            header("losses    a killed rank ends the job: \(reason)")
        }
        if run.finishedRounds > 0 {
            header("resumed   after round \(run.finishedRounds) of \(settings.rounds)")
        }
        Console.output("")
        Console.output(RoundColumns.titles(columns))
    }

    /// Prints lines of the header.
    private func header(_ text: String) { Console.output(Terminal.fitted(text)) }

    /// How unlike the clients' labels are, as a line of its own; empty where all have the same one.
    private var skew: String { job.data.train.classes > 1 ? "\nskew      \(job.labelSkew)" : "" }

    /// The edges: how many, on which ranks, and what they do.
    private static func edges(_ settings: RunSettings, ranks: Int) -> String {
        let edgeRanks = min(settings.edges, ranks - 1)
        let place =
            switch ranks {
            case 1: "in one process"
            case 2: "on rank 1"
            default: "on ranks 1 to \(edgeRanks)"
            }
        let under = ranks - 1 - edgeRanks
        let rule = settings.edgeAggregation == "mean" ? "" : ", \(settings.edgeAggregation) of their clients"
        return "\(settings.edges) \(place)\(under > 0 ? ", \(Format.count(under, "rank")) under them" : ""), "
            + "\(Format.count(settings.cloudEvery, "turn")) a round\(rule)"
    }

    /// The models that clients train: of each width the number of clients, and of parameters.
    private static func widths(
        _ clients: ClientWidths, _ models: [Model], _ settings: RunSettings, own: (_ client: Int) -> Int
    ) -> String {
        var counts = [Int](repeating: 0, count: models.count)
        for client in 0..<settings.clients { counts[own(client)] += 1 }
        return zip(clients.widths, zip(models, counts)).map { share, found in
            "\(share) with \(Format.grouped(found.0.parameterCount)) parameters (\(Format.count(found.1, "client")))"
        }.joined(separator: ", ")
    }

    /// What clients learn from besides their labels: model, size and loss of the teacher; nil without one.
    private func teacher() -> String? {
        let settings = job.settings
        guard let teacher = job.teacher?.model, let path = settings.teacher, let loss = settings.distillationLoss
        else { return nil }
        return "\(teacher.name) (\(path)), \(Format.megabytes(teacher.parameterCount * 4)), "
            + "temperature \(loss.temperature), labels \(loss.hardWeight)" + otherData()
    }

    /// A remark that the teacher was trained on other data, where its file says so; empty otherwise.
    private func otherData() -> String {
        guard let dataset = job.teacher?.metadata["dataset"], dataset != job.settings.dataset else { return "" }
        return "; it learnt from other data: \(dataset.printable)"
    }

    /// The two parts of a split model: who trains how many parameters, and what crosses between them; nil when the
    /// model is trained whole.
    private func split() -> String? {
        guard let cut = job.settings.cut ?? job.model.cut, let part = job.settings.serverPart else { return nil }
        let front = job.model.parameterRange(ofLayers: 0..<cut).count
        let server = part == .shared ? "one server part" : "a server part for each client"
        return """
            before layer \(cut): \(Format.grouped(front)) parameters on the devices, \
            \(Format.grouped(job.model.parameterCount - front)) in \(server); \
            \(Format.count(job.model.shapes[cut].count, "float")) of a sample cross
            """
    }

    /// What the local optimizers do: length, batch, learning rate with its schedule, momentum.
    private func work(_ settings: RunSettings) -> String {
        var rate = "lr \(settings.lr)"
        if settings.lrSchedule != "constant" {
            rate += " (\(settings.lrSchedule)"
            rate += settings.lrScheduleOptions.values.isEmpty ? ")" : " \(settings.lrScheduleOptions))"
        }
        if settings.warmupRounds > 0 { rate += " after \(Format.count(settings.warmupRounds, "round")) of warm-up" }
        var parts = [
            settings.localSteps.map { Format.count($0, "step") } ?? Format.count(settings.epochs, "epoch"),
            "batch \(settings.batchSize)", rate,
        ]
        if settings.optimizer == "sgd" {
            parts.append("momentum \(settings.momentum)")
        } else {
            let options = settings.optimizerOptions
            parts.append(settings.optimizer + (options.values.isEmpty ? "" : " (\(options))"))
        }
        if settings.precision != .single { parts.append(settings.precision.rawValue) }
        if settings.serverLr != 1 { parts.append("server lr \(settings.serverLr)") }
        if let norm = settings.clipGradients { parts.append("gradients clipped to \(norm)") }
        if let norm = settings.clipUpdates { parts.append("updates clipped to \(norm)") }
        return parts.joined(separator: ", ")
    }

    /// The distribution of the accuracy over the clients, in lines of the summary; empty when they did not evaluate.
    private func clients(_ record: RoundRecord?) -> String {
        guard let evaluation = record?.clients else { return "" }
        func line(_ title: String, _ spread: AccuracySpread) -> String {
            """

            \(title) mean \(Format.percent(spread.mean)), median \(Format.percent(spread.median)), worst 10 % \
            \(Format.percent(spread.worst10)), best 10 % \(Format.percent(spread.best10)), deviation \
            \(Format.percent(spread.deviation)), Jain \(Format.fixed(spread.jain, 4))
            """
        }
        return (evaluation.global.map { line("clients  ", $0) } ?? "")
            + (evaluation.personal.map { line("own      ", $0) } ?? "")
    }

    /// The devices of a simulated fleet, and which of them have the memory to train the model.
    private func devices(_ fleet: FleetTerms, _ settings: RunSettings) -> String {
        let classes = fleet.classes(clients: settings.clients).map { found in
            let batch =
                found.batch == 0
                ? " (no memory for it)" : found.batch < settings.batchSize ? " (batch \(found.batch))" : ""
            return "\(Format.grouped(found.clients)) \(found.device.name)\(batch)"
        }
        let needs = settings.require.split(separator: ",").map { ", \($0.filter { $0 != " " })" }.joined()
        let trace = fleet.fleet.trace.map { "; days of \($0.path.printable) (\($0.format.rawValue)), repeated" } ?? ""
        return
            "\(fleet.fleet.name), simulated: \(classes.joined(separator: ", ")); asked when connected\(needs), with a battery "
            + "above \(Format.percent(settings.minBattery))\(trace)"
    }

    /// What is simulated of the clients' devices; nil if nothing is.
    private func simulated(_ settings: RunSettings) -> String? {
        var parts: [String] = []
        if settings.stragglerProb > 0 {
            parts.append("stragglers \(settings.stragglerProb) by \(settings.stragglerDelay) s")
        }
        if let bandwidth = settings.bandwidthMbps { parts.append("links of \(bandwidth) Mbit/s") }
        if settings.latencyMs > 0 { parts.append("latency \(settings.latencyMs) ms") }
        if let speed = settings.deviceSpeed { parts.append("devices of \(speed) samples/s") }
        if settings.deviceSpread > 0 { parts.append("spread \(settings.deviceSpread)") }
        if settings.dropProb > 0 { parts.append("dropouts \(settings.dropProb)") }
        guard !parts.isEmpty else { return nil }
        return parts.joined(separator: ", ") + (settings.simulation.isVirtual ? ", in virtual time" : "")
    }

    /// Moves the bar within the round.
    func progressed(round: Int, fraction: Double) {
        bar?.draw(round: round, fraction: fraction)
    }

    /// Says it on a line of its own, above the bar.
    func faulted(_ fault: FaultRecord) {
        bar?.clear()
    }

    /// Also prints the line of a round that is over but not yet evaluated. Leaves the bar's line; `StopNotice` says why.
    func runStopped(_ stop: RunStop) {
        bar?.erase()
        if let record = stop.unevaluated { roundFinished(record) }
    }

    /// A row: counts of clients, losses, quality, bytes, rates, seconds, and what the run's parts measure.
    func roundFinished(_ record: RoundRecord) {
        bar?.clear()
        updates.asked += record.cohort
        updates.rejected += record.rejected
        Console.output(RoundColumns.line(record, columns))
    }

    /// How good the weights are: their accuracy, or the errors of a regression.
    private func quality(_ last: RoundRecord?) -> String {
        let errors = [Metric.rmse, .mae, .r2].compactMap { metric in
            last.flatMap { Format.value($0[metric], of: metric) }.map { "\(metric.label) \($0)" }
        }
        guard errors.isEmpty else { return "error     \(errors.joined(separator: ", ")) on the test set" }
        let place =
            last?.accuracy != nil && last?.serverAccuracy == nil ? "in the mean of the clients" : "on the test set"
        return "accuracy  \(Format.percent(last?.accuracy)) \(place)"
    }

    /// The best round, and where its model is; empty where none is kept.
    private var bestLine: String {
        guard let best, let found = best.best else { return "" }
        let isRegression = if case .values = job.data.train.task { true } else { false }
        let quality = isRegression ? "R² \(Format.fixed(found.quality, 4))" : Format.percent(found.quality)
        return "\nbest      \(quality) after round \(found.round): "
            + folder.url.appendingPathComponent(BestModelWriter.name).relativePath
    }

    /// What came of it: time, accuracy, traffic, the digest of the weights, and where everything is.
    func runFinished(_ summary: RunSummary, weights: Span<Float>) {
        let last = summary.last
        Console.output("")
        if let reason = summary.earlyEnd { Console.output(Terminal.fitted("ended     early: \(reason)")) }
        if updates.rejected > 0 {
            Console.output(
                Terminal.fitted(
                    "left out  \(Format.grouped(updates.rejected)) of \(Format.grouped(updates.asked)) updates, which could not be used: "
                        + "faults.json has the reasons"))
        }
        let text =
            """
            time      \(Format.fixed(summary.seconds, 2)) s for \(Format.count(summary.rounds, "round"))
            \(quality(last))\(bestLine)\(clients(last))
            traffic   \(Format.megabytes(last?.totalUploadBytes ?? 0)) up, \
            \(Format.megabytes(last?.totalDownloadBytes ?? 0)) down
            """
        Console.output(Terminal.fitted(text))
        Console.output("weights   sha256 \(weightsDigest(weights))\nresults   \(folder.url.relativePath)")
    }
}
