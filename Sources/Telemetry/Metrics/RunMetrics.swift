package import FedCore
package import Records

/// What the metrics of a run are read from, as rounds and faults come: a value that is copied out under a lock.
///
/// The run's thread adds a round in a microsecond or so; all that takes time, names, texts and the page, is done by who
/// asks, on a thread of theirs. What no round has measured yet is left out and not 0: a board then shows nothing, and an
/// alert does not see an accuracy of 0.
package struct RunMetrics: Sendable {
    /// The run; nil before its first round.
    package private(set) var run: RunDescription?
    /// The name of the run's folder.
    private let name: String
    /// fedmpi's version.
    private let version: String
    /// Moment of the start, in seconds since 1970.
    private var startTime = 0.0
    /// The last round and when it came, in seconds since 1970.
    package private(set) var last: (record: RoundRecord, time: Double)?
    /// The last evaluation of the server: not every round has one.
    private var evaluated: RoundRecord?
    /// The last values of the metrics that the run declares, by name.
    private var values: [String: Double] = [:]
    /// Clients asked since the start, by what became of it.
    private var turns: (participants: Int, late: Int, dropped: Int, rejected: Int) = (0, 0, 0, 0)
    private var (partial, repeats, samples) = (0, 0, 0)
    private var seconds = MetricFamily.Histogram(bounds: RunMetric.bounds)
    /// How often each kind of fault came; known kinds begin with 0, so that a first one is seen as a rise.
    private var faults = Dictionary(uniqueKeysWithValues: FaultRecord.Kind.allCases.map { ($0.rawValue, 0) })
    private var lostRanks: Set<Int> = []
    /// How far the round under way is.
    private var progress: (round: Int, fraction: Double)?

    /// Nothing is known yet but whose metrics these are.
    package init(run name: String, version: String) {
        (self.name, self.version) = (name, version)
    }

    // MARK: What comes in

    /// The rounds begin.
    ///
    /// - Parameter time: seconds since 1970.
    package mutating func begin(_ run: RunDescription, at time: Double) {
        (self.run, startTime) = (run, time)
    }

    /// A share of a round's work is done, from 0 to 1.
    package mutating func add(progress fraction: Double, of round: Int) { progress = (round, fraction) }

    /// A round's record is complete.
    ///
    /// - Parameter time: seconds since 1970.
    package mutating func add(_ record: RoundRecord, at time: Double) {
        last = (record, time)
        if record.serverLoss != nil || record.serverAccuracy != nil || record.clients != nil { evaluated = record }
        values.merge(record.metrics) { $1 }
        turns.participants += record.participants
        turns.late += record.late
        turns.dropped += record.dropped
        turns.rejected += record.rejected
        partial += record.partial
        repeats += max(record.attempts - 1, 0)
        samples += record.samples
        seconds.add(record.seconds)
    }

    /// Something went wrong, and the run goes on.
    package mutating func add(_ fault: FaultRecord) {
        faults[fault.kind.rawValue, default: 0] += 1
        guard let rank = fault.rank else { return }
        switch fault.kind {
        case .rankLost, .rankDropped, .rankLostBelow: lostRanks.insert(rank)
        case .rankReturned: lostRanks.remove(rank)
        default: break
        }
    }

    // MARK: What goes out

    /// All that has a value, in the order of ``RunMetric/all``, then the metrics that the run declares.
    ///
    /// - Parameter phases: seconds that each rank has spent in each phase; empty without timing files.
    package func families(phases: [PhaseSeconds]) -> [MetricFamily] {
        let record = last?.record
        func number(_ value: Double, _ labels: (String, String)...) -> MetricFamily.Sample {
            MetricFamily.Sample(.number(value), labels.map { (name: $0.0, value: $0.1) })
        }
        var found: [MetricFamily?] = [RunMetric.buildInfo.with([number(1, ("version", version))])]
        if let run {
            let settings = run.settings
            found += [
                RunMetric.runInfo.with([
                    number(
                        1, ("run", name), ("strategy", settings.strategy), ("model", run.model),
                        ("dataset", settings.dataset), ("partition", settings.partition))
                ]),
                RunMetric.startTime.with(startTime), RunMetric.lastRoundTime.with(last?.time),
                RunMetric.rounds.with(record?.round ?? run.finishedRounds),
                RunMetric.roundsPlanned.with(settings.rounds),
                RunMetric.progress.with(progress.map { $0.round > record?.round ?? 0 ? $0.fraction : 0 }),
                RunMetric.ranks.with(run.ranks),
                RunMetric.ranksAlive.with(run.ranks - lostRanks.count), RunMetric.clients.with(settings.clients),
            ]
        }
        found += [
            RunMetric.cohort.with(record.map { Double($0.cohort) }),
            RunMetric.participants.with(record.map { Double($0.participants) }),
            RunMetric.turns.with([
                number(Double(turns.participants), ("outcome", "participant")),
                number(Double(turns.late), ("outcome", "late")), number(Double(turns.dropped), ("outcome", "dropped")),
                number(Double(turns.rejected), ("outcome", "rejected")),
            ]),
            RunMetric.partial.with(partial), RunMetric.repeats.with(repeats), RunMetric.samples.with(samples),
            RunMetric.sampleRate.with(record?.samplesPerSecond),
            RunMetric.upload.with(record?.totalUploadBytes ?? 0),
            RunMetric.download.with(record?.totalDownloadBytes ?? 0),
            RunMetric.roundSeconds.with([MetricFamily.Sample(.histogram(seconds))]),
            RunMetric.accuracy.with(evaluated?.serverAccuracy), RunMetric.loss.with(evaluated?.serverLoss),
            RunMetric.trainLoss.with(record?.trainLoss), RunMetric.clientAccuracy.with(clientAccuracies),
            RunMetric.faults.with(faults.sorted { $0.key < $1.key }.map { number(Double($0.value), ("kind", $0.key)) }),
            RunMetric.phaseSeconds.with(
                phases.map { number($0.seconds, ("rank", "\($0.rank)"), ("phase", $0.phase.rawValue)) }),
        ]
        return found.compactMap { $0 } + declared
    }

    /// The spread of clients' accuracies in the last evaluation.
    private var clientAccuracies: [MetricFamily.Sample] {
        [("global", evaluated?.clients?.global), ("own", evaluated?.clients?.personal)].flatMap { model, spread in
            guard let spread else { return [MetricFamily.Sample]() }
            return [("mean", spread.mean), ("worst10", spread.worst10), ("best10", spread.best10)].map {
                MetricFamily.Sample(.number($0.1), [("model", model), ("statistic", $0.0)])
            }
        }
    }

    /// What the parts of the run measure beside what every run measures.
    private var declared: [MetricFamily] {
        var names: Set<String> = []
        return Metric.describing(Set(values.keys), by: run?.metrics ?? []).compactMap { metric in
            let name = Self.name(of: metric)
            guard let value = values[metric.name], names.insert(name).inserted else { return nil }
            let unit: MetricFamily.Unit = metric.unit == "s" ? .seconds : metric.unit == "bytes" ? .bytes : .none
            let help = "\(metric.title)\(metric.suffix), of the last round that measured it."
            return MetricFamily(name, .gauge, unit, help).with(value)
        }
    }

    /// A metric's name as Prometheus takes it: what it does not take becomes an underscore, and endings that mean
    /// something to it are not the name's last.
    static func name(of metric: Metric) -> String {
        let letters = metric.name.unicodeScalars.map { scalar -> Character in
            scalar.isASCII && scalar.properties.isAlphabetic || ("0"..."9").contains(scalar)
                ? Character(scalar) : "_"
        }
        let name = "fedmpi_metric_" + String(letters).lowercased()
        let reserved = ["_total", "_count", "_sum", "_bucket", "_info"]
        return reserved.contains(where: name.hasSuffix) ? name + "_value" : name
    }
}

/// The time that a rank has spent in a phase so far.
package struct PhaseSeconds: Sendable, Equatable {
    /// The rank.
    package let rank: Int
    /// The phase.
    package let phase: Phase
    /// Added up over this start of the run, as far as the rank has written it.
    package let seconds: Double

    /// Describes a rank's time in a phase.
    package init(rank: Int, phase: Phase, seconds: Double) {
        (self.rank, self.phase, self.seconds) = (rank, phase, seconds)
    }
}
