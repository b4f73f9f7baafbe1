import Devices
import FedCore

/// Records of devices' days, FLASH's and FedScale's, which somebody else has made.
struct TraceTarget: FuzzTarget {
    let name = "trace"
    let seeds: [[UInt8]] = [
        #"{"7": {"model": "x", "messages": "2020-01-31 22:00:00\tscreen_lock\n2020-02-01 06:00:00\tscreen_unlock\n2020-02-09 08:00:00\t4G"}, "8": {"messages": "2020-01-31 22:00:00\twifi\n2020-01-31 23:00:00\tphone_off"}}"#,
        #"{"1": {"duration": 9, "active": [60, 5000], "inactive": [4000, 90000], "finish_time": 90000}, "2": {"active": [0], "inactive": [60], "finish_time": 60}}"#,
    ].map { Array($0.utf8) }
    let dictionary = [
        "battery_charged_on", "battery_charged_off", "wifi", "unknown", "87.0%", "phone_on", "\\n", "\\t",
        "9999-12-31 23:59:59",
        "1970-01-01 00:00:00", "2020-02-29 00:00:00", "0000-00-00 00:00:00", "1073741824", "1073741825", "-1", "60",
        "[]", "{}",
        "9223372036854775807", "1e9", "null", "active", "inactive", "finish_time", "messages",
    ]

    func decode(_ input: [UInt8], madeFrom seed: Int) throws -> Outcome {
        let format: FleetTrace.Format = seed == 0 ? .flash : .fedscale
        guard let records = try? FleetTrace.records(in: input, format) else { return .refused }
        try Violation.require(!records.devices.isEmpty, "records without one")
        let fleet = try Fleet("f; phone; board battery-mah=0")
        var state = FleetState(fleet, clients: 3, seed: 1, start: 1e9, traces: records.devices)
        state.advance(to: 1e9 + 2 * 86_400)
        let second = Int(state.now)
        for device in records.devices {
            try Violation.require(device.period >= 1, "a record of \(device.period) s")
            try Violation.require(
                device.state(at: second) == device.state(at: second + device.period), "a record is not repeated")
        }
        let original = try FleetTrace.records(in: seeds[seed], format)
        return records.devices == original.devices && records.leftOut == original.leftOut ? .equal : .different
    }
}
