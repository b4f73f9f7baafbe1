import FedCore
import Foundation
import Testing

@testable import Devices

/// Records of devices' days: what they say by hand, and what is none.
struct FleetTraceTests {
    private static let (hour, day) = (3_600, 86_400)

    /// Writes a trace into a folder of its own, and reads it.
    private static func withTrace<R>(
        _ format: FleetTrace.Format, _ json: String, named name: String = "trace.json",
        _ body: (FleetTrace, URL) throws -> R
    ) throws -> R {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("trace \(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appendingPathComponent(name)
        try Data(json.utf8).write(to: file)
        return try body(try FleetTrace(format, at: file.path), file)
    }

    private static func devices(_ format: FleetTrace.Format, _ json: String) throws -> [DeviceTrace] {
        try withTrace(format, json) { trace, _ in try trace.records().devices }
    }

    /// A file of FLASH with one user.
    private static func flash(_ lines: [(String, String)]) throws -> String {
        let messages = lines.map { "\($0.0)\t\($0.1)" }.joined(separator: "\n") + "\n"
        let record = ["model": "SM-G9600", "guid": "g", "messages": messages]
        return String(decoding: try JSONEncoder().encode(["7": record]), as: UTF8.self)
    }

    /// A night of less than a day, which is repeated every day.
    private static let night = [
        ("2020-01-31 22:00:00", "screen_lock"), ("2020-01-31 22:10:30", "battery_charged_on"),
        ("2020-01-31 22:30:00", "wifi"), ("2020-01-31 23:00:00", "87.0%"), ("2020-02-01 06:00:00", "screen_unlock"),
        ("2020-02-01 07:15:00", "battery_charged_off"), ("2020-02-01 08:00:00", "4G"),
        ("2020-02-01 18:00:00", "WIFI"),
    ]

    @Test func `A phone is asked when FLASH would train it, every night`() throws {
        let traces = try Self.devices(.flash, try Self.flash(Self.night))
        var eligibility = Eligibility()
        eligibility.conditions = [.charging, .idle, .unmetered]
        let phone = try Fleet("f; phone battery-mah=1000000")
        var state = FleetState(phone, clients: 1, seed: 3, eligibility: eligibility, traces: traces)
        for minute in 0..<3 * 1_440 {
            state.advance(to: Double(minute * 60))
            // Charging from 22:10:30, which is seen at 22:11; its owner takes it up at 6:00.
            let ofDay = minute % 1_440
            #expect(state.isEligible(0) == (ofDay >= 22 * 60 + 11 || ofDay < 6 * 60), "minute \(minute)")
        }
    }

    @Test func `Hours, places and use are those of the record`() throws {
        let trace = try #require(try Self.devices(.flash, try Self.flash(Self.night)).first)
        #expect(trace.period == Self.day)
        let expected: [(hour: Double, state: DeviceState)] = [
            (21, .inUse), (22, []), (22.2, .charging), (5.9, .charging), (6, [.charging, .inUse]), (7.5, .inUse),
            (8, [.inUse, .away]), (17.9, [.inUse, .away]), (18, .inUse),
        ]
        for (hour, state) in expected { #expect(trace.state(at: Int(hour * 3_600)) == state, "\(hour)") }
    }

    @Test func `A record of a week keeps its days of the week, and what is beyond whole weeks is left out`() throws {
        // 3 February 2020 was a Monday.
        let week = [
            ("2020-02-03 09:00:00", "wifi"), ("2020-02-05 12:00:00", "4g"), ("2020-02-09 20:00:00", "unknown"),
        ]
        let longer = [("2020-02-12 05:00:00", "wifi")]
        for lines in [week, week + longer] {
            let trace = try #require(try Self.devices(.flash, try Self.flash(lines)).first)
            #expect(trace.period == 7 * Self.day)
            for past in [0, 7 * Self.day, 700 * Self.day] {
                #expect(trace.state(at: past) == .offline)
                #expect(trace.state(at: past + 9 * Self.hour - 1) == .offline)
                #expect(trace.state(at: past + 9 * Self.hour) == [])
                #expect(trace.state(at: past + 2 * Self.day + 12 * Self.hour) == .away)
                #expect(trace.state(at: past + 6 * Self.day + 20 * Self.hour) == .offline)
            }
        }
    }

    @Test func `A record of many years is cut to a thousand weeks`() throws {
        let lines = [
            ("1970-02-02 00:00:00", "wifi"), ("1980-01-07 12:00:00", "4g"), ("2099-01-05 00:00:00", "unknown"),
        ]
        let trace = try #require(try Self.devices(.flash, try Self.flash(lines)).first)
        #expect(trace.period == 7_000 * Self.day)
        // The last event within it, which holds at its beginning, too.
        #expect(trace.state(at: 0) == .away)
    }

    /// FedScale's own test of its reader, in minutes: it asks once after the other, and moves a pointer with each.
    @Test func `Sessions are a function of time, however often and in whatever order one asks`() throws {
        let json =
            #"{"1": {"duration": 3, "active": [60, 180, 360, 540], "inactive": [60, 240, 420, 600], "finish_time": 600, "model": "x"}}"#
        let trace = try #require(try Self.devices(.fedscale, json).first)
        let active = [
            60: false, 120: false, 180: true, 239: true, 240: false, 360: true, 480: false, 540: true, 599: true,
        ]
        for _ in 0..<2 {
            for (second, isActive) in active.shuffled() {
                for past in [0, 600, 6_000] {
                    #expect((trace.state(at: past + second) == .charging) == isActive, "\(past + second)")
                    if !isActive { #expect(trace.state(at: past + second) == .offline) }
                }
            }
        }
        // The last session ends with the record: at its beginning nobody is there.
        #expect(trace.state(at: 600) == .offline && trace.state(at: 900) == .offline)
    }

    @Test(arguments: [97, 3_601, 90_000, 200_003]) func `Days cut from a record are the record by the minute`(
        period: Int
    ) throws {
        var random = RandomStream(seed: UInt64(period), .fleet)
        var changes: [(second: Int, state: DeviceState)] = []
        var second = 0
        while second < period {
            changes.append((second, DeviceState(rawValue: UInt8(random.integer(below: 16)))))
            second += 1 + random.integer(below: 400)
        }
        let trace = DeviceTrace(period: period, changes: changes)
        var state = FleetState(Fleets.people, clients: 2, seed: 1, start: 5_000, traces: [trace])
        for minute in 84..<4 * 1_440 {
            state.advance(to: Double(minute * 60))
            #expect(state.state(of: 0) == trace.state(at: minute * 60), "minute \(minute)")
        }
        // One that begins later is where it is.
        let late = FleetState(Fleets.people, clients: 2, seed: 1, start: 3.5 * 86_400, traces: [trace])
        #expect(late.state(of: 1) == trace.state(at: 7 * Self.day / 2))
    }

    @Test func `Records are given out by seed and client`() throws {
        let traces = (0..<4).map { DeviceTrace(period: 60, changes: [(0, DeviceState(rawValue: $0))]) }
        let state = FleetState(Fleets.people, clients: 4_000, seed: 5, traces: traces)
        for record in 0..<4 {
            let count = (0..<4_000).count { Int(state.state(of: $0).rawValue) == record }
            // Four deviations of a binomial: 4 · √(4000 · ¼ · ¾) = 110.
            #expect(abs(count - 1_000) < 110)
        }
        let again = FleetState(Fleets.people, clients: 8, seed: 5, traces: traces)
        for client in 0..<8 { #expect(again.state(of: client) == state.state(of: client)) }
        let other = FleetState(Fleets.people, clients: 40, seed: 6, traces: traces)
        #expect((0..<40).contains { other.state(of: $0) != state.state(of: $0) })
    }

    @Test func `A fleet's text names its trace, and another file in its place is refused`() throws {
        try Self.withTrace(.flash, try Self.flash(Self.night), named: "a; strange=näme.json") { trace, file in
            let fleet = try Fleet("f", [DeviceClass("phone")], trace: trace)
            let read = try Fleet(fleet.description)
            #expect(read == fleet && read.trace?.path == file.path)
            try read.trace?.check()
            try Data("{}".utf8).write(to: file)
            let changed = #expect(throws: ConfigurationError.self) { _ = try read.trace?.records() }
            #expect(changed?.description.contains("is not the one") == true)
            #expect(throws: ConfigurationError.self) { try read.trace?.check() }
            try FileManager.default.removeItem(at: file)
            let missing = #expect(throws: ConfigurationError.self) { try read.trace?.check() }
            #expect(missing?.description.hasPrefix("cannot read the trace '") == true)
        }
        let digest = String(repeating: "a", count: 64)
        for text in [
            "@flash \(digest)", "@flash abc x.json", "@foo \(digest) x", "@flash \(digest) x; @flash \(digest) y",
        ] {
            #expect(throws: ConfigurationError.self) { try Fleet("f; phone; \(text)") }
        }
    }

    @Test(arguments: [
        ("flash", "", "no JSON object of users"), ("flash", "[]", "no JSON object of users"),
        ("flash", #"{"1": {"model": "x"}}"#, "no JSON object of users"), ("flash", "{}", "none of its 0 records"),
        ("flash", #"{"1": {"messages": ""}}"#, "none of its 1 record can be used"),
        ("flash", #"{"1": {"messages": "2020-01-31 23:00:00 wifi"}}"#, "none of its"),
        ("flash", #"{"1": {"messages": "2020-02-30 23:00:00\twifi\n2020-02-31 23:00:00\twifi"}}"#, "none of its"),
        ("flash", #"{"a": {"messages": "2020-01-31 23:00:00\twifi\n2020-01-31 23:00:09\tmoon"}}"#, "user 'a', line 2"),
        ("fedscale", #"{"1": {"active": [1], "inactive": [2]}}"#, "docs/FLEETS.md"),
        ("fedscale", #"{"1": {"active": [1, 2], "inactive": [2], "finish_time": 100}}"#, "has 2 times"),
        ("fedscale", #"{"1": {"active": [5], "inactive": [2], "finish_time": 100}}"#, "a session from 5 to 2"),
        ("fedscale", #"{"1": {"active": [5, 7], "inactive": [8, 9], "finish_time": 100}}"#, "after one until 8"),
        ("fedscale", #"{"1": {"active": [5], "inactive": [101], "finish_time": 100}}"#, "in 100 s"),
        ("fedscale", #"{"1": {"active": [5], "inactive": [6], "finish_time": 10}}"#, "finish_time is 10"),
        ("fedscale", #"{"1": {"active": [5], "inactive": [5], "finish_time": 100}}"#, "none of its 1 record"),
    ])
    func `What is no trace is said in a line`(format: String, json: String, says: String) throws {
        let format = try #require(FleetTrace.Format(rawValue: format))
        let error = #expect(throws: ConfigurationError.self) { try Self.devices(format, json) }
        #expect(error?.description.contains(says) == true, "\(error?.description ?? "")")
        #expect(error?.description.contains("\n") == false)
    }
}
