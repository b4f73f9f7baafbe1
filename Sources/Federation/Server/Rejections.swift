import FedCore
import Records

/// The updates that are left out of an exchange, gathered by reason: observers hear of each reason once, with its
/// clients, instead of once for each of perhaps thousands of clients.
///
/// The round loop empties it after each exchange (``tell(diverged:of:)``).
final class Rejections {
    /// Receivers of the fault records.
    private let observers: [any RoundObserver]
    /// The clients' learning rate in a round, named in the hint about divergence.
    private let learningRate: (_ round: Int) -> Float
    /// What was left out since the last report. The key is the reason without its numbers, because the index of the NaN
    /// differs from client to client; the reason is the first client's, which says enough.
    private var found: [(key: String, reason: String, clients: [Int])] = []
    /// The round that the records name; set by the round loop.
    var round = 0

    /// Starts with nothing left out.
    /// - Parameters:
    ///   - observers: receivers of the fault records.
    ///   - learningRate: the clients' learning rate in a round.
    init(_ observers: [any RoundObserver], learningRate: @escaping (_ round: Int) -> Float) {
        self.observers = observers
        self.learningRate = learningRate
    }

    /// Notes that a client's update was left out. O(number of different reasons).
    func add(_ client: Int, because reason: String) {
        let key = reason.withoutNumbers
        if let place = found.firstIndex(where: { $0.key == key }) {
            found[place].clients.append(client)
        } else {
            found.append((key, reason, [client]))
        }
    }

    /// Reports what has been added since the last call, one `FaultRecord` for each reason, and forgets it.
    ///
    /// When more than half of the asked clients sent something that diverges, the reason ends in a hint at the learning
    /// rate.
    /// - Parameters:
    ///   - diverged: number of updates that hold NaN or infinite values, or are too large.
    ///   - asked: number of clients that were to send one.
    func tell(diverged: Int = 0, of asked: Int = 0) {
        let hint = diverged * 2 > asked ? "; " + divergenceHint(diverged, of: asked) : ""
        for (_, reason, clients) in found {
            let rejection = FaultRecord(
                round: round, kind: .updatesRejected, clients: clients.sorted(), reason: reason + hint)
            for observer in observers { observer.faulted(rejection) }
        }
        found = []
    }

    /// A sentence on what the user can change when most updates of a round are unusable.
    func divergenceHint(_ diverged: Int, of asked: Int) -> String {
        "\(diverged) of \(asked) updates of the round are NaN, infinite or too large: training diverges, and a learning "
            + "rate of \(learningRate(round)) is probably too large (--lr, --clip-gradients), or the data are not scaled"
    }
}
