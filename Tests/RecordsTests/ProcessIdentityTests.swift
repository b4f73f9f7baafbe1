import Foundation
import Testing

@testable import Records

/// What can be seen of a process in `/proc`.
@Suite struct ProcessIdentityTests {
    private static func line(_ name: String, _ letter: String) -> ArraySlice<UInt8> {
        // proc(5): the 22nd field is the start.
        ArraySlice("4242 (\(name)) \(letter) 1 4242 4242 0 -1 4194560 120 0 0 0 7 3 0 0 20 0 1 0 98765 2 3\n".utf8)
    }

    @Test(arguments: [
        ("R", ProcessState.alive), ("S", .alive), ("D", .alive), ("I", .alive), ("T", .stopped),
        // A debugger lets it go on.
        ("t", .alive),
        ("Z", .ended), ("X", .ended),
    ])
    func `A state is a letter of proc(5)`(letter: String, state: ProcessState) throws {
        // A name may hold what looks like the fields behind it.
        for name in ["fedmpi", "a b", ") Z 1 (", ""] {
            let status = try #require(ProcessIdentity.Status(line: Self.line(name, letter)))
            #expect(status.state == state && status.start == 98765)
        }
    }

    @Test(arguments: ["", "4242", "4242 (fedmpi)", "4242 (fedmpi) S 1 2 3", "4242 (fedmpi) SS"])
    func `What is not such a line tells nothing`(line: String) {
        #expect(ProcessIdentity.Status(line: ArraySlice(line.utf8)) == nil)
    }

    @Test func `A process is seen to live, to be stopped, and to be gone`() throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sleep")
        process.arguments = ["60"]
        try process.run()
        let number = process.processIdentifier
        let identity = try #require(ProcessIdentity(of: number))
        #expect(identity.state == .alive)
        #expect(ProcessIdentity(identity.text) == identity)
        kill(number, SIGSTOP)
        while identity.state == .alive { usleep(1_000) }
        #expect(identity.state == .stopped && ProcessState(of: number) == .stopped)
        kill(number, SIGKILL)
        process.waitUntilExit()
        #expect(identity.state == .ended && ProcessState(of: number) == .ended)
    }

    @Test func `A number that another process has got is not the process`() throws {
        let own = try #require(ProcessIdentity())
        #expect(own.state == .alive)
        let former = try #require(ProcessIdentity("\(own.place) \(own.number) \(own.start - 1)"))
        #expect(former.state == .ended)
    }
}
