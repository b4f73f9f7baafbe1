import Devices
import FedCore
import Records
import Strategies

// Devices that go away and train on, and what they send when they are back.
extension FleetClock {
    /// Has a device train on that goes away from its turn, if it has the weights by then, something may be kept, and its
    /// battery lasts. It is not held to the deadline, which is when to send.
    /// - Parameters:
    ///   - departure: when and why it goes away.
    ///   - samples: samples that it trains on.
    ///   - plan: its turn, which becomes one without an upload; one whose battery ends it stays one that is lost.
    func trainOn(
        _ client: Int, after departure: FleetState.Departure, samples: Int, _ conditions: DeviceConditions,
        _ plan: inout Turn
    ) {
        guard held.room > 0, !departure.isByBattery, departure.seconds >= conditions.download else { return }
        plan.turn.training = Double(samples) * conditions.secondsPerSample
        plan.turn.upload = 0
        let energy = plan.turn.energy(of: state.deviceClass(of: client), over: plan.connection)
        plan.leaves = state.batteryEnd(client, of: plan.turn, energy: energy.total)
        if plan.leaves == nil { plan.made = state.now + plan.turn.seconds }
    }

    /// Begins an attempt: devices drop what is too old, and those that are back send what they keep; all that has arrived
    /// in the round is taken in.
    /// - Parameters:
    ///   - id: the round and the attempt.
    ///   - tally: the attempt's, emptied.
    func sendHeld(_ id: RoundID, to tally: RoundTally) {
        guard held.room > 0 else { return }
        held.beginAttempt()
        round.expired += held.expire(at: state.now)
        let before = held.arrived.count
        var seconds: [Double] = []
        for client in held.clients where state.canSend(client) {
            let device = state.deviceClass(of: client)
            guard let connection = device.connection(isAway: state.state(of: client).contains(.away)) else { continue }
            guard let (count, turn) = sending(client, connection) else { continue }
            let energy = turn.energy(of: device, over: connection)
            round.add(state.spend(energy, of: client), of: client, in: state.classIndex(of: client))
            held.send(count, of: client)
            seconds += [Double](repeating: turn.seconds, count: count)
        }
        let weight = StalenessFunction.polynomial(a: job.settings.agePower)
        var refused: [Int] = []
        for (place, entry) in held.arrived.enumerated() {
            let counts = tally.receive(
                entry, factor: weight(id.number - entry.update.round),
                seconds: place < before ? nil : seconds[place - before])
            if !counts { refused.append(place) }
        }
        held.refuse(refused)
    }

    /// What a device sends now: all that it keeps, or, oldest first, as much as is at the server before the device goes away
    /// again, and, where rounds have a deadline, before the server waits no longer. What it could not send whole it does not
    /// begin.
    /// - Returns: how many updates, and the upload; nil for none.
    private func sending(
        _ client: Int, _ connection: DeviceClass.Connection
    ) -> (count: Int, turn: DeviceTurn)? {
        let device = state.deviceClass(of: client)
        let limit = job.settings.roundDeadline == nil ? .infinity : job.settings.hardLimit
        var updates = held.ready(client, at: state.now)
        var bytes = updates.reduce(0) { $0 + $1.bytes }
        while let newest = updates.last {
            let turn = DeviceTurn(download: 0, training: 0, upload: connection.secondsUp(bytes: bytes))
            let energy = turn.energy(of: device, over: connection).total
            if turn.seconds <= limit, state.departure(of: client, from: turn, energy: energy) == nil {
                return (updates.count, turn)
            }
            bytes -= newest.bytes
            updates.removeLast()
        }
        return nil
    }
}

extension FleetRound {
    /// The metrics of updates that devices keep offline, all of them simulated.
    /// | name | unit | of |
    /// |---|---|---|
    /// | `offline_kept` | | updates that devices keep at the round's end |
    /// | `offline_late` | | updates of earlier rounds that counted in this one |
    /// | `offline_expired` | | kept updates that were dropped in it, too old or in the place of a newer one |
    /// | `offline_age_mean`, `_max` | rounds | age of those that counted; no value where none did |
    static let offlineMetrics: [Metric] = {
        func metric(
            _ name: String, _ title: String, _ unit: String = "", decimals: Int = 0, better: Metric.Direction? = nil,
            whole: Metric.Whole, _ group: String
        ) -> Metric {
            Metric(
                name, title: title, unit: unit, decimals: decimals, better: better, whole: whole, group: group,
                isInTable: false)
        }
        let (updates, ages) = ("simulated updates kept offline", "simulated age of updates sent late")
        return [
            metric("offline_kept", "simulated updates kept", whole: .last, updates),
            metric("offline_late", "simulated late updates", whole: .sum, updates),
            metric("offline_expired", "simulated expired updates", better: .lower, whole: .sum, updates),
            metric(
                "offline_age_mean", "mean age of late ones", "rounds", decimals: 2, better: .lower, whole: .last, ages),
            metric(
                "offline_age_max", "largest age of late ones", "rounds", better: .lower, whole: .largest, ages),
        ]
    }()

    /// The values of these metrics.
    /// - Parameter held: what devices keep at the round's end.
    func measurements(of held: HeldUpdates) -> [String: Double] {
        var values = [
            "offline_kept": Double(held.count), "offline_late": Double(ages.count), "offline_expired": Double(expired),
        ]
        if let oldest = ages.max() {
            values["offline_age_mean"] = Double(ages.reduce(0, +)) / Double(ages.count)
            values["offline_age_max"] = Double(oldest)
        }
        return values
    }
}
