import FedCore
import Foundation
import MPITesting
import Testing

@testable import fedmpi

/// What `fedmpi doctor` concludes from what ranks have seen.
struct CheckupTests {
    private func facts(
        _ host: String, binary: String = "aa", instructions: String = "AVX2", load: Double = 0, steal: Double = 0,
        skew: Double = 0, skewError: Double = 0
    ) -> HostFacts {
        HostFacts(
            host: host, binary: binary, instructions: instructions, cores: 4, load: load, steal: steal, skew: skew,
            skewError: skewError)
    }

    @Test func `Hosts that are alike need nothing`() {
        let facts = [facts("a"), facts("a"), facts("b", load: 3.5, steal: 0.01, skew: 0.4)]
        for finding in [
            Checkup.binaries(facts), Checkup.processors(facts), Checkup.clocks(facts), Checkup.load(facts),
        ] { #expect(finding.advice == nil, "\(finding)") }
    }

    /// Four cores each: 5 ranks of b on 4 cores are tighter than 1 of a.
    @Test func `Cores are told of every host, the tightest first`() {
        let ranks = [facts("a")] + Array(repeating: facts("b"), count: 5)
        #expect(
            HostFacts.cores(ranks)
                == "4 on b for 5 ranks, 4 on a for 1 rank; ranks share cores, and waiting ranks sleep")
        #expect(
            HostFacts.cores([facts("a"), facts("c"), facts("b")], most: 2).hasSuffix("4 on b for 1 rank, … (3 hosts)"))
    }

    @Test func `Hosts that differ are named, and what to do`() {
        let facts = [
            facts("a"), facts("b", binary: "bb"), facts("c", instructions: "AVX-512"), facts("d", load: 9),
            facts("e", steal: 0.2), facts("f", skew: -3, skewError: 0.5),
        ]
        let findings = [
            (Checkup.binaries(facts), "b"), (Checkup.processors(facts), "c"), (Checkup.load(facts), "d, e"),
            (Checkup.clocks(facts), "f"),
        ]
        for (finding, host) in findings {
            #expect(finding.advice != nil)
            #expect((finding.text + " " + (finding.advice ?? "")).contains(" \(host)"), "\(finding)")
        }
        // A difference that may be the reading's is none.
        #expect(Checkup.clocks([self.facts("a"), self.facts("b", skew: 2, skewError: 1.5)]).advice == nil)
    }

    @Test func `A hostfile's hosts are the first words of its lines`() {
        let text = "# lab\nnode1 slots=4\n\n  node2\tslots=2 # old\nnode3"
        #expect(Checkup.hosts(in: text) == ["node1", "node2", "node3"])
        #expect(throws: ConfigurationError.self) { try Checkup.ask(hostsOf: "/nowhere") }
    }

    @Test func `A host is asked by the name that mpirun calls it by`() {
        let names = ["edge01.example.org", "edge01", "10.255.255.1", "fe80::1"]
        let called = names.map { Checkup.called($0, keepsDomains: false) }
        #expect(called == ["edge01", "edge01", "10.255.255.1", "fe80::1"])
        #expect(names.map { Checkup.called($0, keepsDomains: true) } == names)
    }

    @Test func `A results folder that cannot be written is found`() {
        let sealed = Checkup.disk("/proc/none/results")
        #expect(sealed.isFatal && sealed.advice?.contains("--results") == true)
        #expect(Checkup.disk(FileManager.default.temporaryDirectory.path).text.contains("GB free"))
    }

    @Test func `Every rank's facts come to every rank, with clocks of one machine together`() throws {
        let found = try ThreadRanks.run(3) { world in try HostFacts.gather(on: world) }
        #expect(found.allSatisfy { $0 == found[0] } && found[0].count == 3)
        for facts in found[0] {
            #expect(facts.binary.count == 16 && facts.cores > 0 && (0...1).contains(facts.steal))
            // A busy machine may stop a rank between reading its clock and sending it; clocks that differ do so by more.
            #expect(abs(facts.skew) <= facts.skewError + 0.1)
        }
    }

    @Test(
        arguments: [
            ("a slots=4 # four\nb slots = 2 max_slots=4\nc\n", nil),
            ("a slots=4\nb slot=4\n", "line 2: 'slot' is no keyword; a line is HOST, or HOST slots=N max_slots=N"),
            ("a slots=four\n", "line 1: slots is 'four', not a number of 1 or more"),
            ("a slots\n", "line 1: 'slots' has no value"),
            ("a slots=4 max_slots=4\nb slots=2 max-slots=1\n", "line 2: max_slots is 1, less than slots, 2"),
        ] as [(String, String?)])
    func `A hostfile that mpirun would not read is refused with its line`(text: String, fault: String?) throws {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("hosts-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: file) }
        try Data(text.utf8).write(to: file)
        guard let fault else {
            #expect(try Checkup.hosts(ofFile: file.path) == ["a", "b", "c"])
            return
        }
        #expect(throws: ConfigurationError("the hostfile '\(file.path)', \(fault)")) {
            try Checkup.hosts(ofFile: file.path)
        }
    }
}
