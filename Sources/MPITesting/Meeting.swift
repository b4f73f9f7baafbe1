import MPI

/// A collective operation that waits for its last member, who carries it out for all.
final class Meeting {
    enum Key: Hashable {
        /// The n-th collective of a communicator.
        case collective(context: Int, number: Int)
        case group(context: Int, ranks: [Int], tag: Int)
    }

    /// What one rank brings.
    enum Part {
        case transfer(Transfer)
        /// Numbers for all members, to make a communicator from.
        case agree(function: String, values: [Int])

        var function: String {
            switch self {
            case .transfer(let transfer): transfer.function
            case .agree(let function, _): function
            }
        }
    }

    let members: Int
    var parts: [Int: (part: Part, transfer: ThreadTransfer)] = [:]

    init(members: Int) {
        self.members = members
    }

    /// Moves the data of all ranks and completes their transfers, or fails them all if their calls do not fit together.
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

    private func checkFunctions() throws(Mismatch) {
        let functions = parts.sorted { $0.key < $1.key }.map { ($0.key, $0.value.part.function) }
        for (rank, function) in functions where function != functions[0].1 {
            throw Mismatch(
                "the ranks are in different collectives: rank \(functions[0].0) in \(functions[0].1), "
                    + "rank \(rank) in \(function)")
        }
    }
}

/// Ranks called a collective with arguments that do not fit together.
struct Mismatch: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
