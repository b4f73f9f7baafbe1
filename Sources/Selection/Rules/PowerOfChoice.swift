public import FedCore

/// Selection by loss among candidates: draws d candidates by size without replacement, and takes those of them
/// with the highest loss.
///
/// The variant π_rpow-d, which costs no message: a client's loss is the one it reported when it last took part
/// (here the mean over the samples of its last local pass, each at the weights its batch saw), and infinite
/// while it has reported none, so that every client is tried. Of equals, an order drawn at random.
///
/// Y. J. Cho, J. Wang, G. Joshi, *Towards Understanding Biased Client Selection in Federated Learning*, AISTATS
/// 2022, arXiv:2010.01243.
public struct PowerOfChoice: SelectionRule {
    public static let name = "power-of-choice"
    public static let summary =
        "of candidates drawn by size, those with the highest loss so far; candidates=d (twice the cohort)"

    /// d, from the cohort's size (which is selection by size) to the number of clients; nil: twice the cohort,
    /// or all clients where there are fewer.
    public var candidates: Int?

    /// Loss that each client reported last.
    private var losses: [Int: Double] = [:]

    public init() {}

    public mutating func read(_ options: inout OptionReader) throws(ConfigurationError) {
        candidates = try options.integer("candidates", "at least 1") { $0 >= 1 }
    }

    public func validate(size: Int, federation: FederationView) throws(ConfigurationError) {
        guard let candidates, !(size...max(size, federation.clients)).contains(candidates) else { return }
        throw ConfigurationError(
            "selection '\(Self.name)': candidates is \(candidates); it must be from the cohort's \(size) to the "
                + "federation's \(federation.clients) clients")
    }

    /// Chooses the cohort. O(clients + d · log clients).
    public func cohort(size: Int, round: Int, attempt: Int, federation: FederationView) -> [Int] {
        let clients = federation.candidates
        precondition(size >= 1 && size <= clients.count, "a cohort of \(size) of \(clients.count) clients")
        var random = federation.random(round: round, attempt: attempt)
        var draw = WeightedDraw(clients.map { UInt64(federation.samples[$0]) })
        let candidates = draw.next(max(candidates ?? 2 * size, size), &random).map { clients[$0] }
        let ranking = Ranking.descending(candidates, &random) { losses[$0] ?? .infinity }
        return ranking.prefix(size).sorted()
    }

    /// True: it ranks clients by their losses.
    public var usesClientReports: Bool { true }

    public mutating func learn(_ feedback: RoundFeedback) {
        for outcome in feedback.outcomes where outcome.participated {
            if let loss = outcome.loss { losses[outcome.client] = loss }
        }
    }

    public var serverState: [UInt8] {
        var writer = StateWriter()
        writer.write(losses) { loss, writer in writer.write(loss) }
        return writer.bytes
    }

    public mutating func restoreServerState(_ state: [UInt8]) throws(ConfigurationError) {
        var reader = StateReader(state, of: "selection '\(Self.name)'")
        let losses = try reader.table { (reader) throws(ConfigurationError) in
            try reader.number(in: StateReader.finite)
        }
        try reader.finish()
        self.losses = losses
    }
}
