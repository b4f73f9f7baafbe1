import Devices
import FedCore
import Records

extension RoundRecord {
    /// Adds one attempt's exchange to the round's record: bytes and simulated time are summed over the attempts, counts
    /// of clients are the last one's.
    ///
    /// Upload counts answers, download counts one frame for each client of the cohort, as real devices would receive
    /// it, though simulated clients that share a rank receive one together.
    /// - Parameters:
    ///   - tally: what came in.
    ///   - report: what the exchange reports otherwise; its values replace the defaults.
    ///   - asked: the cohort.
    mutating func add(_ tally: RoundTally, _ report: ExchangeReport, cohort asked: [Int], _ job: Job) {
        cohort = report.cohort ?? asked.count
        attempts += 1
        uploadBytes += report.upload ?? tally.uploadBytes
        downloadBytes +=
            report.download ?? job.turns * asked.reduce(0) { $0 + job.downloadBytes(ofClient: $1, round: round) }
        if let secure = report.secure {
            downloadBytes += secure.download
            metrics.merge(secure.measurements) { $1 }
            leftClients = secure.leftClients
        }
        if let edges = job.edges { self[.wanBytes] = (self[.wanBytes] ?? 0) + Double(edges.bytesToCloud(asked)) }
        if job.settings.simulation.isVirtual {
            simulatedSeconds = (simulatedSeconds ?? 0) + (report.seconds ?? tally.simulatedSeconds)
        }
        if job.measuresCodedBytes {
            let coded = tally.coded
            let values: [(Metric, Int)] = [
                (.codedPlaces, coded.places), (.codedScales, coded.scales), (.codedSymbols, coded.symbols),
                (.codedEntropy, coded.entropy),
            ]
            for (metric, bytes) in values { self[metric] = (self[metric] ?? 0) + Double(bytes) }
        }
        if job.settings.topology != .flat {
            self[.networkBytes] = (self[.networkBytes] ?? 0) + Double(report.network ?? 0)
        }
        guard let largest = report.staleness.max() else { return }
        self[.stalenessMax] = Double(largest)
        self[.stalenessMean] = Double(report.staleness.reduce(0, +)) / Double(report.staleness.count)
    }

    /// Adds the bytes of each client of an attempt.
    /// - Parameters:
    ///   - uploads: bytes of the answers that came.
    ///   - cohort: the clients that were asked.
    ///   - download: bytes that went to a client.
    mutating func add(_ uploads: [(client: Int, bytes: Int)], from cohort: [Int], download: (Int) -> Int) {
        var bytes = clientBytes ?? ClientBytes()
        bytes.add(
            cohort.map { (client: $0, upload: 0, download: download($0)) }
                + uploads.map { (client: $0.client, upload: $0.bytes, download: 0) })
        clientBytes = bytes
    }
}

extension Job {
    /// Whether rounds record the bytes of each client: where encodings differ in length or clients that were away get
    /// another frame, and each sends its own.
    var recordsClientBytes: Bool {
        edges == nil && wire.deliversEachUpdate
            && (downlink != nil || compression.map { !$0.codec.isFixedLength } ?? false)
    }
}
