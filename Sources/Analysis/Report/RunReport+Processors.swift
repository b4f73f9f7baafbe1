import FedCore

extension RunReport {
    /// What a machine's processors did while the run was on it.
    struct Machine: Equatable {
        /// Its name.
        let host: String
        /// Share of its processors' time that the hypervisor gave to other machines, in [0, 1].
        let stolen: Double
        /// Share that processes other than the run's ranks took, likewise.
        let others: Double
    }

    /// The machines, in the order of their first rank, as far as their ranks told; of each the rank whose time was
    /// longest speaks for the machine.
    var machines: [Machine] {
        var hosts: [String] = []
        for rank in run.timing.ranks where !hosts.contains(rank.host) { hosts.append(rank.host) }
        return hosts.compactMap { host in
            let uses = run.timing.ranks.filter { $0.hosts == [host] }.compactMap(\.processor)
            guard let longest = uses.max(by: { $0.wall < $1.wall }), longest.machine > 0 else { return nil }
            let own = uses.reduce(0) { $0 + $1.own }
            let whole = Double(longest.machine)
            return Machine(
                host: host, stolen: Double(longest.stolen) / whole,
                others: max(0, Double(longest.busy - own) / whole))
        }
    }

    /// Seconds of processors beside seconds of the clock, and how busy the machines were with other things; nothing
    /// where no rank told.
    ///
    /// A rank whose work took much more clock than processor time was not slow: others had its processor.
    var processorBlocks: [Document.Block] {
        let ranks = run.timing.ranks
        guard ranks.contains(where: { $0.processor != nil }) else { return [] }
        var table = Document.Table(
            columns: ["rank", "host", "clock s", "working s", "processor s", "processor / working"], words: 2)
        for (rank, times) in zip(ranks, account.ranks) {
            guard let use = rank.processor else { continue }
            table.rows.append([
                "\(rank.rank)", rank.hostNames, NumberText.seconds(use.wall),
                NumberText.seconds(times.useful),
                NumberText.seconds(use.own),
                times.useful > 0 ? NumberText.fixed(Double(use.own) / Double(times.useful), 2) : "-",
            ])
        }
        table.summary = "processor time by rank"
        // A rank that did not come to tell is among the others then.
        let sentences = (ranks.contains { $0.processor == nil } ? [] : machines).map { machine in
            "On \(machine.host), \(NumberText.percent(machine.others)) of the processors' time went to other programs and "
                + "\(NumberText.percent(machine.stolen)) to other virtual machines (steal)."
        }
        return [.table(table), .paragraph(sentences.joined(separator: " "))]
    }
}
