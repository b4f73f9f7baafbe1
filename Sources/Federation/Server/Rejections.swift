import FedCore
import Records

/// What is left out of an exchange, told to the observers once for each reason instead of once for each client.
final class Rejections {
    private let observers: [any RoundObserver]
    private let learningRate: (_ round: Int) -> Float
    /// By the reason without its numbers: which element is NaN differs from client to client, and the first says enough.
    private var found: [(key: String, reason: String, clients: [Int])] = []
    var round = 0

    /// - Parameter learningRate: of the clients in a round.
    init(_ observers: [any RoundObserver], learningRate: @escaping (_ round: Int) -> Float) {
        self.observers = observers
        self.learningRate = learningRate
    }

    func add(_ client: Int, because reason: String) {
        let key = reason.withoutNumbers
        if let place = found.firstIndex(where: { $0.key == key }) {
            found[place].clients.append(client)
        } else {
            found.append((key, reason, [client]))
        }
    }

    /// Tells what has been added since the last time.
    /// - Parameters:
    ///   - diverged: updates that hold NaN or infinite values, or are too large.
    ///   - asked: clients that were to send one.
    func tell(diverged: Int = 0, of asked: Int = 0) {
        let hint = diverged * 2 > asked ? "; " + divergenceHint(diverged, of: asked) : ""
        for (_, reason, clients) in found {
            let rejection = FaultRecord(
                round: round, kind: .updatesRejected, clients: clients.sorted(), reason: reason + hint)
            for observer in observers { observer.faulted(rejection) }
        }
        found = []
    }

    /// What the user can do when most updates of a round are of no use.
    func divergenceHint(_ diverged: Int, of asked: Int) -> String {
        "\(diverged) of \(asked) updates of the round are NaN, infinite or too large: training diverges, and a learning "
            + "rate of \(learningRate(round)) is probably too large (--lr, --clip-gradients), or the data are not scaled"
    }
}
