import MPI

/// A collective operation that waits for its last member, who carries it out for all.
///
/// It is made by the first member to come and dropped when complete, so the same group and tag can meet again.
final class Meeting {
    /// What members have in common before they meet.
    enum Key: Hashable {
        /// The n-th collective of a communicator: all ranks begin them in the same order (MPI 3.1 §5.13).
        case collective(context: Int, number: Int)
        /// The making of a group, which only its members call: they are told apart by who they are and a tag.
        case group(context: Int, ranks: [Int], tag: Int)
    }

    /// The contribution of one rank.
    enum Part {
        /// A transfer whose memory stays in place until the meeting is complete.
        case transfer(Transfer)
        /// Numbers for all members, to make a communicator from; nothing in memory is moved.
        case agree(function: String, values: [Int])

        /// The C function that the call stands for.
        var function: String {
            switch self {
            case .transfer(let transfer): transfer.function
            case .agree(let function, _): function
            }
        }
    }

    /// How many ranks take part.
    let members: Int
    /// What each rank has brought so far, by its rank among the members, and the transfer that it waits for.
    var parts: [Int: (part: Part, transfer: ThreadTransfer)] = [:]

    /// Makes a meeting to which nobody has come.
    init(members: Int) {
        self.members = members
    }

    /// Moves the data of all ranks and completes their transfers, or fails them all if their calls do not fit
    /// together.
    ///
    /// Called by the last member, under the fabric's lock. Either every member goes on with the result or every
    /// member gets the same error: no rank is left waiting for others that have thrown.
    ///
    /// - Parameter firstContext: the first of `members` numbers for the communicators that may be made.
    func complete(firstContext: Int) {
        let agreement = ThreadTransfer.Agreement(
            values: parts.compactMapValues { if case .agree(_, let values) = $0.part { values } else { nil } },
            firstContext: firstContext)
        do throws(Mismatch) {
            try checkFunctions()
            if agreement.values.isEmpty { try Collective(parts.mapValues(\.part)).run() }
            for (_, transfer) in parts.values {
                transfer.agreement = agreement
                transfer.state = .complete(nil)
            }
        } catch {
            for (part, transfer) in parts.values {
                transfer.state = .failed(MPIError(function: part.function, code: 16, message: error.description))
            }
        }
    }

    /// Checks that all ranks called the same function; an error names two that did not.
    private func checkFunctions() throws(Mismatch) {
        let functions = parts.sorted { $0.key < $1.key }.map { ($0.key, $0.value.part.function) }
        for (rank, function) in functions where function != functions[0].1 {
            throw Mismatch(
                "the ranks are in different collectives: rank \(functions[0].0) in \(functions[0].1), "
                    + "rank \(rank) in \(function)")
        }
    }
}

/// A description of how the ranks called a collective with arguments that do not fit together.
struct Mismatch: Error, CustomStringConvertible {
    /// One line that names the ranks and what they gave.
    let description: String

    /// Makes a mismatch that is described by one line.
    init(_ description: String) {
        self.description = description
    }
}
