/// Tells the observers of updates that were left out.
final class Rejections {
    private let observers: [any RoundObserver]
    var round = 0

    init(_ observers: [any RoundObserver]) {
        self.observers = observers
    }

    func add(_ client: Int, because reason: String) {
        let rejection = FaultRecord(round: round, kind: .updatesRejected, clients: [client], reason: reason)
        for observer in observers { observer.faulted(rejection) }
    }
}
