import Datasets
import Devices
import FedCore
import Records
import Runtime
import Selection

/// A run's simulated fleet at the server: its clock of days, who can be asked, who goes away in mid-round, and what
/// training takes from the batteries.
///
/// ```
/// prepare      wait until a cohort can be asked               │ the clock goes on
/// begin        who is back sends what it has kept             │ the tally begins with that
///              for each client: will it stay to the end?      │ ranks are told who goes
/// end          take joules from batteries                     │ the clock goes on by the round's simulated seconds
/// ```
///
/// Everything follows from the seed and the clients' reports, so that a run has one course at any number of ranks. What a
/// device will do is known here before it is asked: one that goes away in mid-round is a dropped client, which no rank
/// trains, unless it trains on and keeps its update (`--offline-updates`).
final class FleetClock {
    let job: Job
    private let terms: FleetTerms
    var state: FleetState
    /// What devices have trained offline.
    var held: HeldUpdates
    /// Both after the last finished round, for checkpoints.
    private var finished: (state: FleetState, held: HeldUpdates)
    /// What the clients that are asked do.
    private var turns: [Int: Turn] = [:]
    /// Who can be asked, as of the last ``prepare(_:)``.
    private(set) var available: [Int] = []
    /// Simulated seconds that passed before the round began: until it was due, and then waiting for devices.
    private(set) var pause = (untilDue: 0.0, forDevices: 0.0)
    /// The round and the attempt under way.
    private var attempt = RoundID(0)
    var round = FleetRound()

    /// What the server knows beforehand of what a device will do.
    struct Turn {
        var turn: DeviceTurn
        let connection: DeviceClass.Connection
        /// When the device stops; nil when it does not.
        var leaves: Double?
        /// When the update is made that the device keeps, on the fleet's clock; nil when it keeps none.
        var made: Double?
    }

    /// The longest time that a run waits for devices, in seconds: what comes every week has come by then.
    /// A weekly habit has come round by then, so who is not there now will not be.
    private static let patience = 8 * 86_400.0

    /// Puts the devices into the state in which the run begins, or in which it was saved.
    /// - Throws: `ConfigurationError` when the saved bytes are not of this fleet, or its trace is not the file that it was.
    init?(_ job: Job, resuming saved: RunState?) throws(ConfigurationError) {
        guard let terms = job.fleet else { return nil }
        (self.job, self.terms) = (job, terms)
        let settings = job.settings
        state = FleetState(
            terms.fleet, clients: settings.clients, seed: settings.seed, start: settings.fleetStart * 3600,
            eligibility: settings.eligibility, traces: try terms.fleet.trace?.records().devices ?? [])
        state.setFits(terms.batches.map { $0 > 0 })
        held = HeldUpdates(room: settings.offlineUpdates, lifetime: settings.offlineExpiry ?? .infinity)
        if let saved, saved.round > 0 {
            try state.restoreServerState(saved[PartName.fleet])
            try held.restore(saved[PartName.heldUpdates], clients: settings.clients, floats: job.vectors.up)
        }
        finished = (state, held)
    }

    /// The state after the last finished round.
    var serverState: [UInt8] { finished.state.serverState }

    /// What devices keep after the last finished round; empty where they keep nothing.
    var heldState: [UInt8] { finished.held.serverState }

    /// The federation as a selection rule may see it now.
    var view: FederationView {
        let costs = costs
        return job.federation.among(
            available, charge: (0..<state.count).map { state.charge(of: $0) },
            joules: (0..<state.count).map { client in
                let cost = costs[state.classIndex(of: client)][state.state(of: client).contains(.away) ? 1 : 0]
                return cost.fixed + cost.perSample * Double(job.federation.samples[client])
            })
    }

    /// Joules that a turn takes, by class and by whether the device is away: of transfers, and of each sample. Of a device
    /// as fast as its class; a server can know as much.
    private var costs: [[(fixed: Double, perSample: Double)]] {
        let passes = Double(job.trainedSamples(holding: 1_000)) / 1_000
        return zip(terms.fleet.classes, terms.widths).map { device, width in
            [false, true].map { isAway in
                guard let connection = device.connection(isAway: isAway) else { return (0, 0) }
                let transfers = DeviceTurn(
                    download: connection.secondsDown(bytes: job.downloadBytes), training: 0,
                    upload: connection.secondsUp(bytes: job.uploadBytes), times: job.turns)
                return (
                    transfers.energy(of: device, over: connection).total,
                    Double(job.turns) * passes * terms.secondsPerSample(device[.gigaflops], width: width)
                        * device[.trainWatts]
                )
            }
        }
    }

    /// Waits until a cohort can be asked, on the simulated clock.
    /// - Throws: ``FleetAsleep`` when nobody can be for eight days.
    func prepare(_ id: RoundID) throws {
        let settings = job.settings
        attempt = id
        if id.attempt == 0 {
            (pause, round) = ((0, 0), FleetRound())
            let due = max(state.now, finished.state.roundStart + (finished.state.rounds > 0 ? settings.roundEvery : 0))
            pause.untilDue = wait(due - state.now)
            state.roundStart = state.now
        }
        let least = max(settings.minClients, 1)
        let start = state.now
        while true {
            available = state.eligible().filter { !held.isTraining($0, at: state.now) }
            let sofar = state.now - start
            if available.count >= settings.cohortSize || available.count >= least && sofar >= settings.cohortWait {
                break
            }
            guard sofar < Self.patience else {
                throw FleetAsleep(round: id.number, able: available.count, needed: least, fleet: terms.fleet.name)
            }
            // By the minute as long as it may matter to a cohort, then in coarser steps.
            pause.forDevices += wait(sofar < 3600 ? 60 : 600)
        }
        round.eligible = Double(available.count) / Double(state.count)
    }

    /// Moves the clock without a round; batteries change meanwhile.
    ///
    /// - Returns: the seconds that have passed.
    private func wait(_ seconds: Double) -> Double {
        guard seconds > 0 else { return 0 }
        state.advance(to: state.now + seconds)
        return seconds
    }

    /// Lets devices send what they have kept, then works out what the clients of a cohort will do, and marks those that go
    /// away, and those that are away from home.
    /// - Parameter tally: takes in what is sent; it is told who goes away with an update.
    func begin(_ cohort: [Int], _ id: RoundID, _ message: inout RoundTerms, _ tally: RoundTally) {
        sendHeld(id, to: tally)
        message.away = Set(cohort.filter { state.state(of: $0).contains(.away) })
        turns.removeAll(keepingCapacity: true)
        for client in cohort {
            let device = state.deviceClass(of: client)
            guard let connection = device.connection(isAway: message.away.contains(client)) else { continue }
            let conditions = job.conditions(ofClient: client, id, message)
            let samples = job.trainedSamples(holding: job.partition.count(of: client))
            let ready = conditions.download + conditions.delay
            let left = (job.settings.roundDeadline ?? .infinity) - ready
            let turn = DeviceTurn(
                download: conditions.download, delay: conditions.delay,
                training: min(Double(samples) * conditions.secondsPerSample, max(left, 0)), upload: conditions.upload,
                times: job.turns)
            let energy = turn.energy(of: device, over: connection)
            // One that does not answer by chance has come to nothing beyond its download.
            let departure =
                conditions.isDropped ? nil : state.departure(of: client, from: turn, energy: energy.total)
            var plan = Turn(
                turn: turn, connection: connection,
                leaves: conditions.isDropped ? conditions.download : departure?.seconds)
            if let departure { trainOn(client, after: departure, samples: samples, conditions, &plan) }
            turns[client] = plan
            if plan.made != nil {
                message.offline.insert(client)
            } else if plan.leaves != nil {
                message.gone.insert(client)
            }
        }
        tally.offline = message.offline
    }

    /// Takes what an attempt took from the batteries, and moves the clock.
    /// - Parameters:
    ///   - cohort: the clients that were asked.
    ///   - tally: what came of it.
    func end(_ cohort: [Int], _ tally: RoundTally) {
        let reports = Dictionary(tally.results.map { ($0.client, $0.result) }, uniquingKeysWith: { $1 })
        for var entry in tally.held {
            guard let made = turns[entry.client]?.made else { continue }
            (entry.update.round, entry.update.made) = (attempt.number, made)
            held.make(entry)
        }
        for client in cohort {
            guard var plan = turns[client] else { continue }
            if let report = reports[client] {
                // Under an edge the seconds are the edge's. The last batch may have ended past the deadline; and the update in
                // coded form may be shorter than the longest.
                if job.edges == nil, report.status == .partial, job.trainingAnswer.hasOneLength {
                    plan.turn.training = max(
                        report.simulatedSeconds - plan.turn.download - plan.turn.delay - plan.turn.upload, 0)
                } else if job.edges == nil {
                    plan.turn.upload = max(
                        report.simulatedSeconds - plan.turn.download - plan.turn.delay - plan.turn.training, 0)
                }
                state.noteParticipation(client)
            }
            let energy = plan.turn.energy(
                of: state.deviceClass(of: client), over: plan.connection, until: plan.leaves ?? .infinity)
            round.add(state.spend(energy, of: client), of: client, in: state.classIndex(of: client))
        }
        state.advance(to: state.now + tally.simulatedSeconds)
    }

    /// Ends the round: what a checkpoint keeps is the state as it is now.
    func endRound() {
        for entry in held.arrived {
            state.noteParticipation(entry.client)
            round.ages.append(attempt.number - entry.update.round)
        }
        round.expired += held.commit()
        state.rounds += 1
        state.joules += round.energy.total
        finished = (state, held)
    }

    /// Joules that a client's last turn took; nil when it was not asked.
    func joules(of client: Int) -> Double? { round.joules[client] }
}

extension FleetClock: Measuring {
    /// All simulated; see ``FleetRound/metrics(_:)``.
    var metrics: [Metric] {
        FleetRound.metrics(terms.fleet) + (held.room > 0 ? FleetRound.offlineMetrics : [])
    }
    var measurements: [String: Double] {
        let measured = round.measurements(of: state, after: pause)
        return held.room > 0 ? measured.merging(round.measurements(of: held)) { $1 } : measured
    }
}

/// Nobody in a simulated fleet can be asked: the run stops with a checkpoint.
struct FleetAsleep: Error, CustomStringConvertible {
    let round: Int
    /// Devices that can be asked.
    let able: Int
    /// Devices that a round needs.
    let needed: Int
    let fleet: String

    var description: String {
        "round \(round) waited eight simulated days for \(NumberText.count(needed, "device")) of fleet '\(fleet)', and "
            + "\(NumberText.grouped(able)) could be asked: see fedmpi fleet, --require and --min-battery"
    }
}
