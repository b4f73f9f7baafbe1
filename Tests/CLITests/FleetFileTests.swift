import Devices
import FedCore
import Foundation
import Testing

@testable import fedmpi

@Suite struct FleetFileTests {
    private static let trace =
        #"{"1": {"active": [60], "inactive": [3000], "finish_time": 3600}, "2": {"active": [], "inactive": [], "finish_time": 60}}"#

    /// A folder with a trace and a fleet file that names it.
    private func withFile(_ yaml: String, _ body: (String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try Data(Self.trace.utf8).write(to: folder.appendingPathComponent("days.json"))
        let file = folder.appendingPathComponent("my.yaml")
        try Data(yaml.utf8).write(to: file)
        try body(file.path)
    }

    @Test func `A file's trace lies beside it, and crosses as its name and digest`() throws {
        try withFile("classes: {phone: {share: 1}}\ntrace: {fedscale: days.json}") { path in
            let text = try FleetFile.resolved(path)
            #expect(text.count < 300)
            let fleet = try Fleet(text)
            let records = try #require(fleet.trace).records()
            #expect(records.devices.count == 1 && records.leftOut == 1)
            #expect(records.devices[0].state(at: 3_660) == .charging)
        }
    }

    @Test func `A measured speed is a number for fedmpi fleet, and refused elsewhere`() throws {
        try withFile("classes: {phone: {gflops: measured}, board: {gflops: 3}}") { path in
            let fleet = try FleetFile.read(path) { 17.5 }
            #expect(fleet.classes.map { $0[.gigaflops] } == [17.5, 3])
            let error = #expect(throws: ConfigurationError.self) { try FleetFile.resolved(path) }
            #expect(error?.description.contains("class 'phone': gflops is 'measured'") == true)
            #expect(throws: ConfigurationError.self) { try FleetFile.fleet(named: path) }
        }
        #expect(try FleetFile.fleet(named: "edge").classes.count == 4)
        let speed = MeasuredSpeed()
        #expect(try speed.line() == nil)
        #expect(speed.gigaflops() > 0 && speed.gigaflops() == speed.gigaflops())
        #expect(try speed.line()?.contains("gflops: \(speed.gigaflops())'") == true)
    }

    @Test(arguments: [
        ("trace: 3", "'trace' is a format and a file"), ("trace: {flash: }", "'trace' is a format and a file"),
        ("trace: {flash: a, fedscale: b}", "'trace' is a format and a file"),
        ("trace: {flas: days.json}", "unknown format of a trace 'flas'; did you mean 'flash'?"),
        ("trace: {fedscale: nowhere.json}", "cannot read the trace"), ("trace: {flash: days.json}", "no JSON object"),
        ("tracks: {}", "what is 'tracks'"),
    ])
    func `What is wrong with a trace is said with what is accepted`(line: String, says: String) throws {
        try withFile("classes: {phone: {share: 1}}\n\(line)") { path in
            let error = #expect(throws: ConfigurationError.self) { try FleetFile.read(path) }
            #expect(error?.description.contains(says) == true, "\(error?.description ?? "")")
        }
    }
}
