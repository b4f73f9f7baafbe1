import MPI

/// Any rank but 0 of a fleet: does what it is ordered to, one after another, and answers rank 0 meanwhile.
struct FleetWorker {
    private let post: FleetPost
    private let work: any FleetWork

    init(_ post: FleetPost, _ work: any FleetWork) {
        self.post = post
        self.work = work
    }

    /// - Parameter released: called when nothing is expected of it any longer.
    /// - Returns: whether ranks were lost, so that MPI cannot be finalised.
    /// - Throws: `Interruption` when it is asked to stop, `FleetServerLost`, or what the work throws.
    func run(released: () -> Void) throws -> Bool {
        var serving: (number: Int, device: any ServedDevice)?
        defer { serving?.device.end() }
        var hasLostRanks: Bool?
        _ = try Backoff.patient.wait { () throws in
            try post.look()
            if let report = try serving?.device.report(), let number = serving?.number {
                serving = nil
                try post.send(.answer(number, .device(report)))
            }
            switch try post.command() {
            case .order(let number, .device(let task))?:
                serving?.device.end()
                serving = (number, try work.start(task))
            case .order(let number, let order)?:
                try post.send(.answer(number, try work.answer(order, heartbeat: post.look)))
            case .end(let lost)?:
                hasLostRanks = lost
                released()
                try post.send(.farewell)
            case nil:
                break
            }
            return hasLostRanks != nil
        }
        return hasLostRanks ?? true
    }
}

extension FleetWork {
    /// Does what is done at once.
    /// - Precondition: it is not to serve.
    func answer(_ order: FleetOrder, heartbeat: () throws -> Void) throws -> FleetAnswer {
        switch order {
        case .machine: .machine(try machine())
        case .accuracies(let images): .correct(try correct(of: images, heartbeat: heartbeat))
        case .device: preconditionFailure("a device serves beside this thread")
        }
    }
}

extension Backoff {
    /// For waits in which a device is timed on the same machine.
    static let patient: Backoff = {
        var backoff = Backoff()
        backoff.tests = 20
        backoff.longestSleep = .milliseconds(5)
        return backoff
    }()
}
