import Datasets
import Devices
import FedCore
import Records

/// A client's turn in an asynchronous run, from the weights it starts with to the update that comes of it.
struct AsynchronousStart: Sendable, Equatable {
    var client: Int
    /// Version of the weights: the number of steps that made them.
    var version: Int
    /// How often this client had started from this version before.
    var attempt: Int
    /// Virtual seconds since the run's start when its update is at the server; 0 in real time, where nobody knows.
    var finish: Double

    /// The address of the turn's randomness and of its messages, like that of a client's turn in the round that starts
    /// from this version.
    var id: RoundID { RoundID(version + 1, attempt: attempt) }
}

/// Who is in flight, and the virtual clock: a value without a clock of its own, and without randomness beside the
/// seed's. With the versions' weights it is all that the rest of an asynchronous run depends on after a step.
///
/// In virtual time it decides everything: updates are used in the order of (finish, client), whichever rank has trained
/// them when. Operations are O(seats · log seats) at most.
struct AsynchronousSchedule: Sendable, Equatable {
    /// Clients that may be in flight at a time, ≥ 1: the size of a cohort.
    let seats: Int
    /// The virtual clock, in seconds since the run's start; it never goes back.
    private(set) var now: Double
    /// The turns under way, in the order in which they end, (finish, client); no client twice.
    private(set) var inFlight: [AsynchronousStart]
    /// Steps so far: the version of the current weights.
    private(set) var version: Int
    /// How often free seats were filled since the last step; addresses the draws.
    private(set) var refills = 0
    /// How often each client has started since the last step.
    private var started: [Int: Int] = [:]

    /// The schedule of a run at its beginning, or after a step.
    /// - Parameters:
    ///   - seats: clients that may be in flight.
    ///   - now: virtual seconds since the run's start.
    ///   - inFlight: turns under way, in any order.
    ///   - version: steps so far.
    init(seats: Int, now: Double = 0, inFlight: [AsynchronousStart] = [], version: Int = 0) {
        precondition(seats >= 1 && inFlight.count <= seats)
        self.seats = seats
        self.now = now
        self.inFlight = inFlight.sorted(by: Self.isBefore)
        self.version = version
    }

    /// Notes that a step has moved the weights.
    mutating func step() {
        version += 1
        refills = 0
        started = [:]
    }

    /// Ends the next turn that is due at the current moment; nil when none is.
    mutating func takeDue() -> AsynchronousStart? {
        guard let first = inFlight.first, first.finish <= now else { return nil }
        return inFlight.removeFirst()
    }

    /// Ends the turn of a client; nil when it is not in flight.
    mutating func take(_ client: Int) -> AsynchronousStart? {
        inFlight.firstIndex { $0.client == client }.map { inFlight.remove(at: $0) }
    }

    /// Moves the clock to the next turn's end.
    mutating func advance() {
        if let first = inFlight.first { now = max(now, first.finish) }
    }

    /// Starts clients in the free seats, from the weights as they are.
    ///
    /// With all seats free it starts the whole draw, as a round would; otherwise as many as there are seats, at random
    /// from those of the draw that are not in flight.
    /// - Parameters:
    ///   - draw: draws as many clients as there are seats; called once, unless no seat is free.
    ///   - seed: the run's seed.
    ///   - duration: virtual seconds that a turn takes.
    /// - Returns: who has started, by client.
    mutating func refill(
        from draw: (RoundID) -> [Int], seed: UInt64, duration: (_ client: Int, RoundID) -> Double
    ) -> [AsynchronousStart] {
        let free = seats - inFlight.count
        guard free > 0 else { return [] }
        let round = RoundID(version + 1, attempt: refills)
        refills += 1
        let busy = Set(inFlight.map(\.client))
        var clients = draw(round).filter { !busy.contains($0) }
        if clients.count > free {
            // A draw comes in the order of clients: its first ones would be the same ones all the time.
            var random = RandomStream(seed: seed, .selection, round: round.number, client: 1, salt: round.attempt)
            random.shuffle(&clients)
            clients = clients[..<free].sorted()
        }
        let starts = clients.map { client in
            let attempt = started[client, default: 0]
            started[client] = attempt + 1
            var start = AsynchronousStart(client: client, version: version, attempt: attempt, finish: 0)
            start.finish = now + duration(client, start.id)
            return start
        }
        inFlight = (inFlight + starts).sorted(by: Self.isBefore)
        return starts
    }

    /// The order in which turns end; of those that end together, by client.
    private static func isBefore(_ first: AsynchronousStart, _ second: AsynchronousStart) -> Bool {
        (first.finish, first.client) < (second.finish, second.client)
    }
}

extension Job {
    /// Virtual seconds that a client's turn takes: download, delay, training and upload; 0 where no time is simulated.
    /// A device that does not answer is waited for until it is taken for lost, which is the hard limit.
    func virtualSeconds(ofClient client: Int, _ round: RoundID) -> Double {
        guard settings.simulation.isVirtual else { return 0 }
        let conditions = conditions(ofClient: client, round)
        guard !conditions.isDropped else { return settings.hardLimit }
        return conditions.seconds(samples: trainedSamples(holding: partition.count(of: client))) + conditions.upload
    }
}
