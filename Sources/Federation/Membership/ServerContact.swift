import MPI

/// The server was silent for so long that it is taken for dead.
struct ServerLost: Error, CustomStringConvertible {
    /// Nil when its process is known to have ended.
    let silentSeconds: Double?

    var description: String {
        silentSeconds.map { "rank 0 has been silent for \(Int($0)) s" } ?? "rank 0 has ended"
    }
}

/// A worker's view of the server: answers it between batches and while waiting.
package final class ServerContact {
    private let control: any Communicator
    /// Silence of the server that ends this rank.
    private let patience: Duration
    private let stopFlag: StopFlag
    private let isServerGone: () -> Bool
    private let interval: Duration = .milliseconds(2)
    private let longInterval: Duration = .milliseconds(200)

    private var lastPoll = ContinuousClock.now
    private var lastHeard = ContinuousClock.now
    private var lastLook = ContinuousClock.now
    private var round = 0
    private var trained = 0

    /// A rank is lost: work comes as orders from now on.
    package private(set) var hasLeftCollectives = false
    /// The run is over; told this way only once collectives are left.
    package private(set) var isStopped = false
    /// No update is wanted any longer.
    private(set) var hasOrdersEnded = false
    /// Called once each time this rank learns that it was taken for dead.
    var whenExcluded: (_ round: Int) -> Void = { _ in }
    /// Called before the server is told that this rank has understood that the run is over.
    var whenReleased: () -> Void = {}

    /// - Parameter isServerGone: whether the server's process is known to have ended.
    init(control: any Communicator, stop: StopFlag, patience: Duration, isServerGone: @escaping () -> Bool) {
        self.control = control
        stopFlag = stop
        self.patience = patience
        self.isServerGone = isServerGone
    }

    package func startRound(_ round: Int) {
        if round != self.round { trained = 0 }
        self.round = round
    }

    /// To be called after each batch.
    package func trained(_ samples: Int) throws {
        trained += samples
        try poll()
    }

    /// Answers what has come; does nothing if it did so a moment ago.
    /// - Throws: `Interruption` when the run is asked to stop; `ServerLost`.
    package func poll() throws {
        try stopFlag.check()
        let now = ContinuousClock.now
        guard now - lastPoll >= interval else { return }
        if now - lastPoll > patience / 2 { lastHeard = now }  // this process was stopped itself
        lastPoll = now
        while let (_, message) = try ControlMessage.receive(from: 0, tag: ControlMessage.Tag.command, on: control) {
            lastHeard = now
            switch message.kind {
            case .ping:
                try ControlMessage(kind: .report, round: round, value: trained)
                    .send(to: 0, tag: ControlMessage.Tag.report, on: control)
            case .leaveCollectives:
                hasLeftCollectives = true
            case .excluded:
                whenExcluded(message.round)
            case .stop:
                isStopped = true
                try sayFarewell()
                hasLeftCollectives = true
            case .endOrders:
                hasOrdersEnded = true
            case .report, .farewell, .arrived, .clock, .received:
                break
            }
        }
        guard !isStopped else { return }
        if now - lastLook >= longInterval {
            lastLook = now
            if isServerGone() { throw ServerLost(silentSeconds: nil) }
        }
        guard now - lastHeard <= patience else { throw ServerLost(silentSeconds: (now - lastHeard).seconds) }
    }

    /// Tells the server that this rank has understood that the run is over.
    package func sayFarewell() throws {
        whenReleased()
        try ControlMessage(kind: .farewell, round: round).send(to: 0, tag: ControlMessage.Tag.report, on: control)
    }

    /// Waits for a condition, answering the server meanwhile.
    package func wait(for condition: () throws -> Bool) throws {
        _ = try Backoff.default.wait { () throws in
            if try condition() { return true }
            try poll()
            return false
        }
    }
}
