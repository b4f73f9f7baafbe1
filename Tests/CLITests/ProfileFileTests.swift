import ArgumentParser
import FedCore
import Foundation
import Serving
import Testing

@testable import fedmpi

@Suite struct ProfileFileTests {
    @Test func `A file's devices have what it states`() throws {
        let devices = try ProfileFile.parse(
            """
            - {name: camera, cores: 1, ram-mb: 512, gflops: 1.5, cpu-share: 0.5, idle-watts: 0.4, busy-watts: 1.9}
            - name: gateway
              bandwidth-gbs: 8.5
            """)
        #expect(devices.map(\.name) == ["camera", "gateway"])
        #expect(devices[0][.ramMegabytes] == 512)
        #expect(devices[0][.cpuShare] == 0.5)
        #expect(devices[1][.memoryBandwidth] == 8.5)
        #expect(devices[1][.cores] == nil)
    }

    @Test(arguments: [
        ("", "no list"), ("[]", "no list"), ("name: camera", "no list"), ("- camera", "device 1 is not a mapping"),
        ("- {cores: 1}", "device 1 has no name"), ("- {name: a}\n- {name: a}", "two devices are named 'a'"),
        ("- {name: a, ram: 5}", "unknown key 'ram'; choose one of: name, cores, ram-mb, model-mb, clock-mhz, gflops"),
        ("- {name: a, cores: many}", "device 'a': cores is 'many', not a number"),
        ("- {name: a, cores: 0}", "must be a whole number from 1"), ("- {name: a, cpu-share: 2}", "from 0.001 to 1"),
        ("- {name: a, busy-watts: 2}", "go together"), ("- {name: a, cores: [1]}", "not a number"),
    ])
    func `What is wrong is said with what is accepted`(text: String, says: String) {
        let error = #expect(throws: ConfigurationError.self) { try ProfileFile.parse(text) }
        #expect(error?.description.contains(says) == true, "\(error?.description ?? "")")
    }

    @Test func `A file that is no YAML is named`() throws {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).yaml")
        try Data("- {name: a".utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let error = #expect(throws: ConfigurationError.self) { try ProfileFile.read(file.path) }
        #expect(error?.description.contains("\(file.path)' is not YAML") == true)
        let missing = #expect(throws: ConfigurationError.self) { try ProfileFile.read("/nowhere.yaml") }
        #expect(missing?.description == "cannot read the profiles '/nowhere.yaml'")
    }
}

@Suite struct ServeOptionsTests {
    private func options(_ arguments: String...) throws -> Serve {
        try #require(try FedMPI.parseAsRoot(["serve", "--models", "a"] + arguments) as? Serve)
    }

    @Test func `Without a word of the load it is a thousand requests one after another`() throws {
        #expect(try options().loadOptions.load.phases == [Load.Phase(requests: 1000)])
        #expect(try options("--seconds", "3").loadOptions.load.phases == [Load.Phase(seconds: 3)])
    }

    @Test func `Rates are phases of five seconds, or of what is asked for`() throws {
        #expect(
            try options("--rate", "50,500,0").loadOptions.load.phases == [
                Load.Phase(rate: 50, seconds: 5), Load.Phase(rate: 500, seconds: 5), Load.Phase(seconds: 5),
            ])
        #expect(
            try options("--rate", "50", "--requests", "10").loadOptions.load.phases == [
                Load.Phase(rate: 50, requests: 10)
            ])
    }

    @Test func `The budget's defaults are 100 ms and 10 MB`() throws {
        #expect(try options().budgetOptions.budget == Budget(latency: 0.1, storedMegabytes: 10))
    }

    @Test func `Flags describe one device, and no file's`() throws {
        let devices = try options("--cores", "1", "--gflops", "2").deviceOptions.descriptions()
        #expect(devices.count == 1)
        #expect(devices[0][.gflops] == 2)
        #expect(try options().deviceOptions.descriptions()[0].name == "this machine")
        #expect(throws: ConfigurationError.self) {
            try options("--cores", "1", "--profiles", "x.yaml").deviceOptions.descriptions()
        }
        #expect(throws: ConfigurationError.self) { try options("--profile", "camera").deviceOptions.descriptions() }
    }

    @Test func `a simulated fleet gives a device of each class`() throws {
        let devices = try ProfileFile.read("edge")
        #expect(devices.map(\.name) == ["microcontroller", "edge-soc", "mobile", "edge-server"])
        // memory-kb is for a model, and no limit of the process.
        #expect(devices[1][.modelMegabytes] == 4_096 * 1_024 / 1e6 && devices[1][.gflops] == 5)
        #expect(devices[1][.ramMegabytes] == nil && devices[1][.cores] == 1)
        #expect(devices[1][.linkMegabits] == 10 && devices[1][.busyWatts] == 3.3 && devices[1][.idleWatts] == 0.3)
        let file = try ProfileFile.parse("classes:\n  a: {gflops: 2}\n  b: {memory-kb: 1000}\n")
        #expect(file.map(\.name) == ["a", "b"] && file[0][.gflops] == 2)
    }

    @Test(arguments: [
        "", "a: 1", "classes: 3", "classes: {a: 3}", "classes: {a: {speed: 3}}", "classes: {a: {gflops: fast}}",
        "classes: {a: {}}\nmore: 1", "classes: {}", "classes: {'a b': {}}", "- a",
    ])
    func `what is no fleet file is refused`(text: String) {
        #expect(throws: ConfigurationError.self) { try FleetFile.fleet(text, named: "f") }
    }
}
