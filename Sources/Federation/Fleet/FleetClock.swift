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
/// begin        for each client: will it stay to the end?      │ ranks are told who goes
/// end          take joules from batteries                     │ the clock goes on by the round's simulated seconds
/// ```
///
/// Everything follows from the seed and the clients' reports, so that a run has one course at any number of ranks. What a
/// device will do is known here before it is asked: one that goes away in mid-round is a dropped client, which no rank
/// trains.
final class FleetClock {
    private let job: Job
    private let terms: FleetTerms
    private var state: FleetState
    /// The state after the last finished round, for checkpoints.
    private var finished: FleetState
    /// What the clients that are asked do.
    private var turns: [Int: Turn] = [:]
    /// Who can be asked, as of the last ``prepare(_:)``.
    private(set) var available: [Int] = []
    /// Simulated seconds that the round waited before it began.
    private(set) var waited = 0.0
    private var round = FleetRound()

    /// A client's turn.
    /// What the server knows beforehand of what a device will do.
    private struct Turn {
        var turn: DeviceTurn
        let connection: DeviceClass.Connection
        /// When the device goes away; nil when it stays.
        let leaves: Double?
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
        if let saved, saved.round > 0 { try state.restoreServerState(saved[PartName.fleet]) }
        finished = state
    }

    /// The state after the last finished round.
    var serverState: [UInt8] { finished.serverState }

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
                    upload: connection.secondsUp(bytes: job.uploadBytes))
                return (
                    transfers.energy(of: device, over: connection).total,
                    passes * terms.secondsPerSample(device[.gigaflops], width: width) * device[.trainWatts]
                )
            }
        }
    }

    /// Waits until a cohort can be asked, on the simulated clock.
    /// - Throws: ``FleetAsleep`` when nobody can be for eight days.
    func prepare(_ id: RoundID) throws {
        let settings = job.settings
        if id.attempt == 0 {
            (waited, round) = (0, FleetRound())
            let due = max(state.now, finished.roundStart + (finished.rounds > 0 ? settings.roundEvery : 0))
            wait(due - state.now)
            state.roundStart = state.now
        }
        let least = max(settings.minClients, 1)
        let start = state.now
        while true {
            available = state.eligible()
            let sofar = state.now - start
            if available.count >= settings.cohortSize || available.count >= least && sofar >= settings.cohortWait {
                break
            }
            guard sofar < Self.patience else {
                throw FleetAsleep(round: id.number, able: available.count, needed: least, fleet: terms.fleet.name)
            }
            // By the minute as long as it may matter to a cohort, then in coarser steps.
            wait(sofar < 3600 ? 60 : 600)
        }
        round.eligible = Double(available.count) / Double(state.count)
    }

    /// Moves the clock without a round; batteries change meanwhile.
    private func wait(_ seconds: Double) {
        guard seconds > 0 else { return }
        state.advance(to: state.now + seconds)
        waited += seconds
    }

    /// Works out what the clients of a cohort will do, and marks those that go away, and those that are away from home.
    func begin(_ cohort: [Int], _ id: RoundID, _ message: inout RoundTerms) {
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
                training: min(Double(samples) * conditions.secondsPerSample, max(left, 0)), upload: conditions.upload)
            let energy = turn.energy(of: device, over: connection)
            // One that does not answer by chance has come to nothing beyond its download.
            let leaves =
                conditions.isDropped
                ? conditions.download : state.leaving(client, from: turn, energy: energy.total)
            turns[client] = Turn(turn: turn, connection: connection, leaves: leaves)
            if leaves != nil { message.gone.insert(client) }
        }
    }

    /// Takes what an attempt took from the batteries, and moves the clock.
    /// - Parameters:
    ///   - cohort: the clients that were asked.
    ///   - results: reports of those whose update counts.
    ///   - seconds: simulated seconds of the attempt.
    func end(_ cohort: [Int], _ results: [(client: Int, result: LocalResult)], seconds: Double) {
        let reports = Dictionary(results.map { ($0.client, $0.result) }, uniquingKeysWith: { $1 })
        for client in cohort {
            guard var plan = turns[client] else { continue }
            if let report = reports[client] {
                // The update in coded form may be shorter than the longest.
                plan.turn.upload = max(
                    report.simulatedSeconds - plan.turn.download - plan.turn.delay - plan.turn.training, 0)
                state.noteParticipation(client)
            }
            let energy = plan.turn.energy(
                of: state.deviceClass(of: client), over: plan.connection, until: plan.leaves ?? .infinity)
            round.add(state.spend(energy, of: client), of: client, in: state.classIndex(of: client))
        }
        state.advance(to: state.now + seconds)
    }

    /// Ends the round: what a checkpoint keeps is the state as it is now.
    func endRound() {
        state.rounds += 1
        state.joules += round.energy.total
        finished = state
    }

    /// Joules that a client's last turn took; nil when it was not asked.
    func joules(of client: Int) -> Double? { round.joules[client] }
}

extension FleetClock: Measuring {
    /// All simulated; see ``FleetRound/metrics(_:)``.
    var metrics: [Metric] { FleetRound.metrics(terms.fleet) }
    var measurements: [String: Double] { round.measurements(of: state, waited: waited) }
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
