import Recording
import Testing

@testable import Analysis

/// What the end of a run prints.
@Suite struct RunEndTests {
    @Test func `A fleet's run ends with the fleet, labelled simulated, and then with this machine`() throws {
        let log = """
            [{"round": 1, "cohort": 10, "participants": 8, "fleet_hours": 1.5, "fleet_wait": 900, "fleet_pause": 0, "fleet_eligible": 0.8,
              "fleet_participation": 0.25, "joules": 10, "joules_compute": 6, "joules_up": 2, "joules_down": 1,
              "joules_tail": 1, "battery_p10": 0.3, "battery_p50": 0.5, "battery_p90": 0.9, "batteries_emptied": 1,
              "batteries_drained": 0, "joules_of_phone": 10},
             {"round": 2, "cohort": 10, "participants": 9, "fleet_hours": 3, "fleet_wait": 900, "fleet_pause": 1800, "fleet_eligible": 0.6,
              "fleet_participation": 0.5, "joules": 20.5, "joules_compute": 12.5, "joules_up": 4, "joules_down": 2,
              "joules_tail": 2, "battery_p10": 0.2, "battery_p50": 0.4, "battery_p90": 0.8, "batteries_emptied": 3,
              "batteries_drained": 2, "joules_of_phone": 20.5}]
            """
        let fixture = try RunFolderFixture(log: log, sessions: Logs.twoRounds)
        let report = RunReport(try RecordedRun(in: fixture.url))
        // Sums of both rounds, the mean of who could be asked, and otherwise the last round.
        #expect(
            report.fleetLines == [
                "", "The fleet, simulated: nothing of it was measured on devices",
                "took part 50.0 % of the devices; 17 of 20 turns counted",
                "available 70.0 % could be asked when a round began (mean of the rounds)",
                "clock     3.00 h after a Monday's midnight; 0.50 h of it until the next round was due, 0.50 h waiting for devices",
                "energy    30.5 J: computing 18.5, sending 6.0, receiving 3.0, radio tails 3.0",
                "by class  J: joules of phone 30.5",
                "batteries a tenth below 20 %, half below 40 %, a tenth at 80 % or more at the end",
                "          3 ran empty, 2 of them by training",
            ])
        let lines = report.endLines
        let heading = try #require(lines.firstIndex { $0.hasPrefix("Measured on this machine") })
        #expect(lines[..<heading].contains(report.fleetLines[1]))
        #expect(Array(lines[(heading + 1)...]) == report.rankTableLines && !report.rankTableLines.isEmpty)

        let plain = try RunFolderFixture(log: #"[{"round": 1}]"#, sessions: Logs.twoRounds)
        let without = RunReport(try RecordedRun(in: plain.url))
        #expect(without.fleetLines.isEmpty && without.endLines == without.rankTableLines)
    }
}
