import FedCore
public import Files
public import Foundation
import Recording
import Records

/// What a run did and what it cost, out of its folder: texts, tables, pictures, a trace.
///
/// ```swift
/// let report = RunReport(try RecordedRun("example", results: "results"))
/// for note in try report.write() { print(note) }
/// ```
///
/// It can be made of a run under way, and again later; docs/REPORT.md lists the files.
public struct RunReport {
    /// What the run left.
    let run: RecordedRun
    /// Where its time went, rank by rank and round by round.
    let account: TimeAccount
    /// Who sent whom how many bytes; nil without timing files.
    let traffic: Traffic?
    /// How loss and accuracy went against rounds and bytes.
    let convergence: Convergence
    /// The tables that are also printed at a run's end.
    let rankTables: RankTables
    /// Those that the run has data for.
    let pictures: [Picture]

    /// Computes what the report needs, and the pictures that the run has data for. Nothing is drawn or written.
    ///
    /// - Complexity: O(events + rounds), and O(clients · classes) for the picture of the data.
    public init(_ run: RecordedRun) {
        self.run = run
        account = TimeAccount(run.timing)
        traffic = Traffic(run.timing)
        convergence = Convergence(run)
        rankTables = RankTables(run: run, account: account, traffic: traffic)
        var pictures: [Picture] = []
        if !run.log.rounds.isEmpty {
            pictures.append(.convergenceAndCost(run))
            if let participation = Picture.clientParticipation(run) { pictures.append(participation) }
            if let accuracies = run.accuracies, run.log.rounds.contains(where: { $0.clients != nil }) {
                pictures.append(.clientAccuracy(run, accuracies))
            }
            if run.log.rounds.contains(where: { $0[.epsilon] != nil && $0.quality != nil }) {
                pictures.append(.accuracyOverEpsilon(run))
            }
            if !convergence.pointsPerMegabyte.isEmpty { pictures.append(.bandwidthEfficiency(run, convergence)) }
        }
        if run.timing.end > 0 { pictures.append(.timeline(run, account)) }
        if let partition = run.partition, !partition.table.isEmpty {
            pictures.append(.clientDistribution(run, partition))
        }
        self.pictures = pictures
    }

    /// The end-of-run tables; none where time was not logged.
    public var rankTableLines: [String] { rankTables.lines }

    /// Name of the report as plain text.
    public static let textName = "analysis_report.txt"
    /// Name of the report as a page, which needs no other file.
    public static let pageName = "report.html"
    /// Name of the trace, for Perfetto.
    public static let traceName = TraceFile.name
    /// Name of the efficiencies of each round, for other programs.
    static let efficiencyName = "efficiency.csv"
    /// Name of the bytes from rank to rank, for other programs.
    static let matrixName = "byte_matrix.csv"

    /// Writes everything into the run's folder, in place of what an earlier report left there.
    ///
    /// A page whose pictures could not be drawn has none, rather than those of an earlier report.
    ///
    /// - Parameter path: where gnuplot is looked for, as in `PATH`.
    /// - Returns: lines to tell the user: what could not be done.
    /// - Throws: `FileError` when the folder cannot be written to.
    /// - Complexity: O(events), and one gnuplot process for all pictures, which is waited for.
    public func write(path: String? = ProcessInfo.processInfo.environment["PATH"]) throws(FileError) -> [String] {
        var notes: [String] = []
        let (outcome, page) = try Gnuplot.drawn(pictures, in: run.folder, path: path, withVectors: true)
        switch outcome {
        case .drawn: break
        case .missing: notes.append(Gnuplot.advice)
        case .failed(let reason): notes.append("no pictures: gnuplot: \(reason)")
        }
        let document = document
        try save(document.text, as: Self.textName)
        try save(
            document.html { page[$0] }, as: Self.pageName)
        if !run.timing.isEmpty {
            _ = try writeTrace()
            try save(efficiencyByRound, as: Self.efficiencyName)
        }
        if let traffic { try save(Self.matrix(traffic), as: Self.matrixName) }
        return notes
    }

    /// Writes the trace for Perfetto into the run's folder, in place of an earlier one.
    ///
    /// - Returns: the file, and its bytes.
    /// - Throws: `FileError` when the folder cannot be written to.
    /// - Complexity: O(events).
    public func writeTrace() throws(FileError) -> (file: URL, bytes: Int) {
        let file = run.folder.appendingPathComponent(TraceFile.name)
        let bytes = TraceFile(run, account).bytes
        try file.replaceContents(with: bytes)
        return (file, bytes.count)
    }

    /// Puts a file into the run's folder, whole or not at all; a symbolic link in its place is replaced.
    private func save(_ text: String, as name: String) throws(FileError) {
        try run.folder.appendingPathComponent(name).replaceContents(with: text)
    }

    /// The report's contents, in the order of reading; made anew at each call.
    var document: Document {
        Document(
            title: "Run \(run.name)",
            sections: [
                identity, outcome, accuracyAndBytes, classAccuracy, clientAccuracy, participation, clientsSection,
                timeSection, efficiencySection, slowSection, bytesSection, dataSection, roundsSection, settingsSection,
                filesSection,
            ])
    }

    /// The block of a picture with its caption; none where the run has no data for it.
    ///
    /// - Parameter name: as in ``Picture/name``.
    func picture(_ name: String) -> [Document.Block] {
        pictures.first { $0.name == name }.map { [.picture($0.name, caption: $0.caption)] } ?? []
    }

    // MARK: Files for other programs

    /// Load balance, communication and parallel efficiency of each round, as CSV: of all ranks, then of the clients, as
    /// shares; a cell is empty where nobody computed. The slowest rank is given by its number.
    private var efficiencyByRound: String {
        var lines = [
            "round,seconds,load_balance,communication_efficiency,parallel_efficiency,clients_load_balance,"
                + "clients_communication_efficiency,clients_parallel_efficiency,wait_share,transfer_share,slowest_rank"
        ]
        for round in account.rounds {
            var cells = ["\(round.round)", NumberText.seconds(round.duration, 6)]
            for part in TimeAccount.Part.allCases {
                let efficiency = account.efficiency(round, of: part)
                cells += [efficiency?.loadBalance, efficiency?.communication, efficiency?.parallel].map {
                    $0.map { NumberText.fixed($0, 6) } ?? ""
                }
            }
            let shares = shares(round)
            cells += [NumberText.fixed(shares.wait, 6), NumberText.fixed(shares.transfer, 6)]
            cells.append(account.slowest(round).map { "\(run.timing.ranks[$0.index].rank)" } ?? "")
            lines.append(cells.joined(separator: ","))
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// Shares of all ranks' time in a round that went to waiting and to transfer.
    ///
    /// - Parameter round: one of the account's.
    /// - Returns: both in [0, 1]; the rest is computation, going on after losses, and idleness.
    /// - Complexity: O(ranks).
    func shares(_ round: RoundTime) -> (wait: Double, transfer: Double) {
        let time = Double(max(1, round.ranks.reduce(0) { $0 + $1.total }))
        return (
            Double(round.ranks.reduce(0) { $0 + $1.wait }) / time,
            Double(round.ranks.reduce(0) { $0 + $1.transfer }) / time
        )
    }

    /// Bytes and messages from rank to rank, as CSV; a line for each pair between which a message went.
    private static func matrix(_ traffic: Traffic) -> String {
        var lines = ["sender,receiver,bytes,messages"]
        for sender in 0..<traffic.rankCount {
            for receiver in 0..<traffic.rankCount where traffic.messages[sender][receiver] > 0 {
                lines.append(
                    "\(sender),\(receiver),\(traffic.bytes[sender][receiver]),\(traffic.messages[sender][receiver])")
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }
}
