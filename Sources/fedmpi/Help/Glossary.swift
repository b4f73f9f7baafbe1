import FedCore

/// What tables, files and options mean by their words: `fedmpi help straggler`, and docs/GLOSSARY.md.
enum Glossary {
    /// The terms as they are written, for suggestions.
    static let terms = entries.flatMap(\.terms)

    /// What a word means, in lines for a terminal.
    ///
    /// - Parameter word: a term, or a word of one, in capitals or not.
    /// - Returns: nil when no term is called so.
    static func text(_ word: String) -> String? {
        let asked = plain(word)
        let found = entries.first { $0.terms.contains(asked) } ?? entries.first { $0.words.contains(asked) }
        return found.map { SettingsText.wrapped($0.text, indent: 0, first: 0) }
    }

    /// A paragraph: the terms in bold, and what they mean.
    private struct Entry {
        let terms: [String]
        let text: String

        /// The words of all terms.
        var words: [String] { terms.flatMap { $0.split(separator: " ").map(String.init) } }
    }

    private static let entries = markdown.split(separator: "\n\n").compactMap { paragraph -> Entry? in
        let parts = paragraph.split(separator: "**", maxSplits: 1)
        guard paragraph.hasPrefix("**"), parts.count == 2 else { return nil }
        let terms = parts[0].split { ",()`".contains($0) }.map { plain(String($0)) }.filter { !$0.isEmpty }
        let text = paragraph.replacing("**", with: "").replacing("\n", with: " ")
        return Entry(terms: terms, text: String(text))
    }

    /// A term without capitals, full stop, hyphens before it and percent sign.
    private static func plain(_ term: String) -> String {
        let letters = term.lowercased().filter { !".%".contains($0) }.drop { " -".contains($0) }
        return String(letters.reversed().drop { $0 == " " }.reversed())
    }

    /// docs/GLOSSARY.md, which `fedmpi help glossary --markdown` prints.
    static let markdown = #"""
        # Words

        What tables, files and options mean by them. Settings are in [SETTINGS.md](SETTINGS.md), the report's figures in
        [REPORT.md](REPORT.md).

        ## Learning

        **Server, client, rank.** The server, rank 0, holds the model and averages; clients hold data and train, and share
        the ranks from 1 on.
        A rank is a process that MPI started; a client is none, so that a thousand clients can be trained by three ranks, to
        the same weights.

        **Round, cohort.** A round: weights go down, the clients that are asked train, updates come up, the server takes a
        step.
        The cohort is who is asked; `5/5` in the table is who entered the mean, of whom was asked. (McMahan et al. 2017,
        *Communication-Efficient Learning of Deep Networks from Decentralized Data*, arXiv:1602.05629.)

        **FedAvg.** Clients train some epochs from the server's weights; the new weights are the mean of theirs, by their
        numbers of samples.
        All other strategies are told as differences from it; `fedmpi help fedavg`. (The same paper, algorithm 1.)

        **Local epochs, local steps.** What a client does between two exchanges: passes over its samples (`--epochs`), or
        steps (`--local-steps`).
        More of them send fewer bytes, and let clients drift apart where their data differ. (The same; drift: Karimireddy et
        al. 2020, *SCAFFOLD*, arXiv:1910.06378.)

        **Train loss.** Mean of the clients' losses while they trained, each on its own samples, by numbers of samples.
        Of the cohort alone, and with weights that moved: it is not comparable with the test loss.

        **Test loss, accuracy.** Loss (`server_loss` in files) and share of right answers of the round's new weights on the
        server's test set, which no client has.
        High test loss under a low train loss is what non-IID data do: every client fits its own classes.

        **worst 10 %, best 10 %, Jain.** With `--client-test` each client tests on samples of its own that it holds out; the
        mean over the tenth that fares worst (`worst10` in files), and best.
        Jain's index is 1 when all fare alike, 1/n when only one does. (Jain, Chiu, Hawe 1984, DEC-TR-301; for federated
        learning Li et al. 2020, *Fair Resource Allocation in Federated Learning*, arXiv:1905.10497.)

        **Update.** What a client sends: its weights after training minus those it got.
        It carries a checksum, its client and its round; one that is damaged, stale or not finite is rejected and logged.

        ## How data are dealt out

        **Non-IID.** Clients' data are not samples of one distribution: each has its own classes, its own amount, its own
        hand.
        `fedmpi partition` shows who holds what. (Zhao et al. 2018, *Federated Learning with Non-IID Data*,
        arXiv:1806.00582; Li et al. 2022, arXiv:2102.02079.)

        **α (`--alpha`).** Concentration of the Dirichlet distribution that deals each class out to the clients: 0.1 is very
        skewed, 100 is even.
        It changes amounts as well as classes. (Yurochkin et al. 2019, arXiv:1905.12022, section 4; Hsu et al. 2019,
        arXiv:1909.06335.)

        **Label entropy.** Shannon's entropy of a client's classes, in bits: 0 with one class, log₂ of the number of classes
        (3.32 of ten) when it has equally many of each.
        The line `skew` has the mean over the clients and the lowest, of the entropy of all samples together.

        **EMD.** Σ |p(y) − q(y)| between a client's shares of classes and those of all data: 0 is alike, 2 has nothing in
        common.
        It is called the earth mover's distance there, and is twice the total variation distance. (Zhao et al. 2018, section
        3.2.)

        **JS distance.** The root of the Jensen–Shannon divergence of the same two, to base 2: a metric from 0 to 1.
        (Lin 1991, *Divergence Measures Based on the Shannon Entropy*; Endres, Schindelin 2003, *A New Metric for
        Probability Distributions*.)

        ## Who answers, and when

        **Late.** A client that had nothing to send at the round's deadline (`--round-deadline`, `--late-policy drop`), or
        that its rank had not delivered at the hard limit.
        The round goes on without it; the next one may ask it again.

        **Partial.** A client that stopped at the deadline and sent what it had by then (`--late-policy partial`).
        Its update counts, and `partial` in `round_log.json` says how many there were. Steps may differ by client: FedNova
        corrects for that (Wang et al. 2020, arXiv:2007.07481).

        **Dropped.** A client that did not answer: simulated (`--drop-prob`), or lost with its rank under `--on-failure
        drop`.
        With `--on-failure reassign`, the default, another rank trains it, and nothing is lost.

        **Rejected.** A client whose update came and was left out: damaged, stale, or not finite.
        `faults.json` has the reason.

        **Straggler.** A client, or in reports the rank, for which the others wait.
        `--straggler-prob` simulates them; the report names the rank that kept others waiting in most rounds.

        ## Time

        **Load balance, communication efficiency, parallel efficiency.** Mean useful time of ranks over the largest; the
        largest over the run time; their product.
        Useful is all that is not communication; 100 % each is a run in which nobody waits. They are POP's
        (<https://pop-coe.eu/node/69>).

        **app s, MPI s, wait%.** A rank's time; the seconds of it in messages; the share of its time in which it only waited
        for others.
        In the shape of mpiP's tables (<https://github.com/LLNL/mpiP>).

        **Waiting, transferring.** Of the seconds in messages: until the other side came, and while bytes crossed.
        The first says that somebody is slow, the second that a wire is. The report's table of who waited for whom names the
        rank.

        **Virtual time.** Simulated devices are slow in the books only: the round is as long as if they were, and nobody
        sleeps.
        `--real-delays` sleeps.

        ## Devices

        **Energy, joules.** Always simulated: stated watts times seconds of work and of the radio (`fedmpi help fleets`).
        What a run cost is in `round_log.json` and the report; `--budget-joules` ends it.

        **Battery, charge.** Of a simulated device: it loses what training and sending take, and fills while it is plugged in.
        A device is asked above `--min-battery`, and charging or idle if `--require` says so ([FLEETS.md](FLEETS.md)).

        **Tier.** What a device that serves can run, by its memory, cores and GFLOP/s (`fedmpi help tiers`).
        It bounds a model's size ([SERVING.md](SERVING.md)).

        ## Privacy

        **ε (epsilon), δ (delta).** With or without any one client's data, no outcome is more than e^ε times as likely, but
        for a probability δ.
        Smaller is more private; it grows with every round ([PRIVACY.md](PRIVACY.md)). (Dwork, Roth 2014, *The Algorithmic
        Foundations of Differential Privacy*.)

        **Clip, noise multiplier.** Updates are scaled down to a norm (`--clip`); the noise on their sum has a deviation of
        `--noise` times that norm.
        The second alone, with how often a client is asked, decides about ε. (Abadi et al. 2016, arXiv:1607.00133; McMahan
        et al. 2018, arXiv:1710.06963.)

        **Central, local, distributed.** Who adds the noise: the server; each client, enough for itself; all clients, enough
        together.
        The further from the server, the less it has to be trusted, and the more accuracy it costs or cryptography it takes.
        (Kairouz et al. 2021, arXiv:2102.06387.)

        **Secure aggregation.** Clients add masks that cancel out in the sum: the server learns the sum and no single
        update.
        [SECURE-AGGREGATION.md](SECURE-AGGREGATION.md). (Bonawitz et al. 2017, *Practical Secure Aggregation for
        Privacy-Preserving Machine Learning*.)

        ## Attacks

        **Attacker.** A client that sends what harms: `--attack` and `--attackers` choose how and how many, the seed says
        which.
        A robust rule (`--aggregation`) is told how many to expect. (Blanchard et al. 2017, *Machine Learning with
        Adversaries*, for Krum.)

        ## Bytes

        **Upload, download, total.** Updates of a round's cohort with their envelopes; frames that it received; all uploads
        so far.
        What crosses the network, and not what a clever topology would save of it; [WIRE.md](WIRE.md) has every byte.

        **Error feedback.** What a codec left out of an update is kept by the client and added to its next one.
        (Seide et al. 2014, *1-Bit Stochastic Gradient Descent*; Karimireddy et al. 2019, arXiv:1901.09847.)

        **Slot, oversubscribe.** A slot is a place in which Open MPI starts a rank, by default a core; oversubscribing
        starts more ranks than that.
        Waiting ranks of fedmpi sleep, so that it costs little ([INSTALLING.md](INSTALLING.md#what-plain-mpirun-answers)).
        """#
}
