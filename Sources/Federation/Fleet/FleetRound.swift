import Devices
import FedCore

/// What a round took from a simulated fleet, and how the fleet is afterwards: the round's metrics.
struct FleetRound {
    /// Share of the devices that could be asked when the round began.
    var eligible = 0.0
    /// Joules of all turns, by phase.
    private(set) var energy = TurnEnergy()
    /// The same by class.
    private var byClass: [Int: Double] = [:]
    /// Joules by client.
    private(set) var joules: [Int: Double] = [:]
    /// Ages in rounds of the updates of earlier rounds that counted.
    var ages: [Int] = []
    /// Kept updates that were dropped, for their age or for a newer one.
    var expired = 0

    /// Adds what a client's turn took.
    mutating func add(_ energy: TurnEnergy, of client: Int, in kind: Int) {
        self.energy.add(energy)
        byClass[kind, default: 0] += energy.total
        joules[client, default: 0] += energy.total
    }

    /// Name of the metric of a class's joules.
    /// Class names have hyphens, metrics underscores. Two classes whose names differ in that alone would have one metric, which
    /// ``Job/checkMetrics()`` refuses as a mistake of the program: so a fleet refuses them (`Fleet`).
    private static func name(_ device: DeviceClass) -> String {
        "joules_of_" + device.name.lowercased().map { $0 == "-" ? "_" : String($0) }.joined()
    }

    /// The metrics of a fleet, all of them simulated.
    /// | name | unit | of |
    /// |---|---|---|
    /// | `fleet_hours` | h | the simulated clock at the round's end, from a Monday's midnight |
    /// | `fleet_pause` | s | before the round began: until it was due (`--round-every`) |
    /// | `fleet_wait` | s | after that: until devices could be asked |
    /// | `fleet_eligible` | share | devices that could be asked when it began |
    /// | `fleet_participation` | share | devices whose work has counted in some round |
    /// | `joules`, `joules_compute`, `_up`, `_down`, `_tail` | J | all turns of the round, by phase |
    /// | `joules_of_CLASS` | J | the same by class of devices |
    /// | `joules_so_far` | J | all rounds |
    /// | `battery_p10`, `_p50`, `_p90` | share | charge: a tenth of the batteries has less than the first |
    /// | `batteries_emptied`, `batteries_drained` | | batteries that have been empty; and would not have been without training |
    static func metrics(_ fleet: Fleet) -> [Metric] {
        func metric(
            _ name: String, _ title: String, _ unit: String = "", isShare: Bool = false, decimals: Int = 1,
            better: Metric.Direction? = nil, whole: Metric.Whole = .last, _ group: String, isInTable: Bool = false
        ) -> Metric {
            Metric(
                name, title: title, unit: unit, isShare: isShare, decimals: decimals, better: better, whole: whole,
                group: group, isInTable: isInTable)
        }
        return [
            metric("fleet_hours", "simulated h", "h", decimals: 2, "simulated clock", isInTable: true),
            metric(
                "fleet_pause", "until the next was due, simulated s", "s", decimals: 0, whole: .sum, "simulated clock"),
            metric("fleet_wait", "waiting for devices, simulated s", "s", decimals: 0, whole: .sum, "simulated clock"),
            metric("fleet_eligible", "could be asked", isShare: true, whole: .mean, "simulated fleet", isInTable: true),
            metric("fleet_participation", "took part so far", isShare: true, better: .higher, "simulated fleet"),
            metric(
                "joules", "simulated J", "J", better: .lower, whole: .sum, "simulated joules by phase", isInTable: true),
            metric("joules_compute", "computing J", "J", whole: .sum, "simulated joules by phase"),
            metric("joules_up", "sending J", "J", whole: .sum, "simulated joules by phase"),
            metric("joules_down", "receiving J", "J", whole: .sum, "simulated joules by phase"),
            metric("joules_tail", "radio tails J", "J", whole: .sum, "simulated joules by phase"),
            .joulesSoFar,
            metric("battery_p10", "battery, lowest tenth", isShare: true, "simulated battery, percentiles"),
            metric("battery_p50", "battery, median", isShare: true, "simulated battery, percentiles"),
            metric("battery_p90", "battery, highest tenth", isShare: true, "simulated battery, percentiles"),
            metric(
                "batteries_emptied", "batteries emptied so far", decimals: 0, better: .lower,
                "simulated batteries emptied"),
            metric(
                "batteries_drained", "batteries emptied by training", decimals: 0, better: .lower,
                "simulated batteries emptied"),
        ]
            + fleet.classes.map {
                metric(name($0), "\($0.name) J", "J", whole: .sum, "simulated joules by class")
            }
    }

    /// The values of these metrics.
    /// - Parameters:
    ///   - state: the devices at the round's end.
    ///   - pause: simulated seconds before it began.
    /// - Complexity: O(devices).
    func measurements(
        of state: FleetState, after pause: (untilDue: Double, forDevices: Double)
    ) -> [String: Double] {
        let battery = state.chargePercentiles([0.1, 0.5, 0.9])
        var values = [
            "fleet_hours": state.now / 3600, "fleet_pause": pause.untilDue, "fleet_wait": pause.forDevices,
            "fleet_eligible": eligible,
            "fleet_participation": Double(state.participants) / Double(state.count), "joules": energy.total,
            "joules_compute": energy.compute, "joules_up": energy.up, "joules_down": energy.down,
            "joules_tail": energy.tail, Metric.joulesSoFar.name: state.joules,
            "batteries_emptied": Double(state.emptied), "batteries_drained": Double(state.drained),
        ]
        for (name, value) in zip(["battery_p10", "battery_p50", "battery_p90"], battery) { values[name] = value }
        for (index, device) in state.fleet.classes.enumerated() { values[Self.name(device)] = byClass[index] ?? 0 }
        return values
    }
}
