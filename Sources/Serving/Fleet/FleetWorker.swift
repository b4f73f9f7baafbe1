import MPI

/// Any rank but 0 of a fleet: does what it is ordered to, one order after another, and answers rank 0's beats
/// meanwhile.
struct FleetWorker {
    private let channel: FleetChannel
    private let work: any FleetWork

    init(_ channel: FleetChannel, _ work: any FleetWork) {
        self.channel = channel
        self.work = work
    }

    /// Works until rank 0 lets it go. Blocks. A device serves in its own process, so this thread goes on answering rank
    /// 0; other orders are done on this thread, with beats in between.
    ///
    /// - Parameter released: Called when nothing is expected of this rank any more, before it confirms that.
    /// What the device says of releases goes to rank 0 before its report; orders that come after the report are for nobody.
    ///
    /// - Returns: Whether ranks were lost, so that MPI cannot be finalised.
    /// - Throws: `Interruption` when it is asked to stop, ``FleetServerLost``, or what the work throws. The device that
    ///   serves is ended then.
    func run(released: () -> Void) throws -> Bool {
        var serving: (number: Int, device: any ServedDevice)?
        defer { serving?.device.end() }
        var hasLostRanks: Bool?
        _ = try Backoff.patient.wait { () throws in
            try channel.look()
            if let (number, device) = serving {
                let report = try device.report()
                for news in device.news() { try channel.send(.news(number, news)) }
                if let report {
                    serving = nil
                    try channel.send(.answer(number, .device(report)))
                }
            }
            switch try channel.command() {
            case .order(let number, .device(let task))?:
                serving?.device.end()
                serving = (number, try work.start(task))
            case .order(let number, let order)?:
                try channel.send(.answer(number, try work.answer(order, heartbeat: channel.look)))
            case .release(let order)?:
                try serving?.device.tell(order)
            case .end(let lost)?:
                hasLostRanks = lost
                released()
                try channel.send(.shutdownAcknowledged)
            case nil:
                break
            }
            return hasLostRanks != nil
        }
        return hasLostRanks ?? true
    }
}

extension FleetWork {
    /// Does an order on the calling thread.
    ///
    /// - Parameter heartbeat: Called several times a second.
    /// - Precondition: The order is not to serve as a device, which goes on beside this thread.
    func answer(_ order: FleetOrder, heartbeat: () throws -> Void) throws -> FleetAnswer {
        switch order {
        case .machine: .machine(try machine())
        case .accuracies(let images): .correct(try correct(of: images, heartbeat: heartbeat))
        case .device: preconditionFailure("a device serves beside this thread")
        }
    }
}

extension Backoff {
    /// The back-off of waits in which a device is timed on the same machine: few tests, then sleeps of up to 5 ms, so
    /// that waiting takes no time from the device.
    static let patient: Backoff = {
        var backoff = Backoff()
        backoff.tests = 20
        backoff.longestSleep = .milliseconds(5)
        return backoff
    }()
}
