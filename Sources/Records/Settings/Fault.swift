public import FedCore

/// A fault that is made on purpose, to see what a run does about it: `kill:rank=3@round=2,phase=gather`.
///
/// Every rank knows all faults (`--inject`); each client rank makes its own where its code passes the phase,
/// and the server treats them like any other.
public struct Fault: Sendable, Equatable {
    /// What happens to the rank or to its update.
    public enum Kind: String, Sendable, CaseIterable {
        /// The rank's process is ended by SIGKILL.
        case kill
        /// The rank's process is stopped by SIGSTOP, until somebody sends it SIGCONT.
        case stop
        /// The rank sleeps for so many `seconds` without answering.
        case delay
        /// The update of the rank's first client holds a NaN.
        case nan
        /// A byte of the envelope of the rank's first client is changed.
        case corrupt
    }

    /// The place in a round at which it happens; NaN and corruption happen where the update is made, whatever
    /// the phase.
    public enum Phase: String, Sendable, CaseIterable {
        /// The moment before the round's weights are received.
        case broadcast
        /// The end of the first batch of the rank's first client.
        case train
        /// The moment after training, before the update is sent.
        case gather
    }

    /// What happens.
    public let kind: Kind
    /// The rank that it happens to, from 1: rank 0 cannot be spared.
    public let rank: Int
    /// The round in which it happens, from 1.
    public let round: Int
    /// The place in the round; `train` unless given.
    public let phase: Phase
    /// The length of a delay, in [0, 3600]; 1 unless given.
    public let seconds: Double

    /// Reads `KIND:rank=R@round=N[,phase=P][,seconds=S]`.
    ///
    /// - Throws: `ConfigurationError` that says what is wrong and how a fault is written.
    public init(_ text: String) throws(ConfigurationError) {
        func wrong(_ what: String) -> ConfigurationError {
            ConfigurationError(
                "--inject '\(text)': \(what); write KIND:rank=R@round=N[,phase=P][,seconds=S] with KIND one of "
                    + Kind.allCases.map(\.rawValue).joined(separator: ", ") + " and P one of "
                    + Phase.allCases.map(\.rawValue).joined(separator: ", "))
        }
        let parts = text.split(separator: ":", maxSplits: 1)
        guard let kind = parts.first.flatMap({ Kind(rawValue: String($0)) }) else { throw wrong("unknown kind") }
        var values: [String: String] = [:]
        for setting in (parts.count > 1 ? parts[1] : "").split(whereSeparator: { $0 == "@" || $0 == "," }) {
            let pair = setting.split(separator: "=", maxSplits: 1).map { String($0) }
            guard pair.count == 2, ["rank", "round", "phase", "seconds"].contains(pair[0]), values[pair[0]] == nil
            else {
                throw wrong("'\(setting)' is not a setting of it")
            }
            values[pair[0]] = pair[1]
        }
        guard let rank = values["rank"].flatMap({ Int($0) }), rank >= 1 else { throw wrong("rank must be at least 1") }
        guard let round = values["round"].flatMap({ Int($0) }), round >= 1 else {
            throw wrong("round must be at least 1")
        }
        guard let phase = Phase(rawValue: values["phase"] ?? "train") else { throw wrong("unknown phase") }
        guard let seconds = Double(values["seconds"] ?? "1"), (0...3600).contains(seconds) else {
            throw wrong("seconds must be in 0…3600")
        }
        self.kind = kind
        self.rank = rank
        self.round = round
        self.phase = phase
        self.seconds = seconds
    }
}
