import Foundation
import Testing

@testable import Federation

@Suite struct ProcessStateTests {
    private func state(_ stat: String) -> ProcessState { ProcessState(stat: Array(stat.utf8)) }

    @Test func `The state stands behind the name, which may hold anything`() {
        #expect(state("12 (fedmpi) S 1 12 12") == .alive)
        #expect(state("12 (a) Z (b) T 1 12") == .stopped)
        #expect(state("12 (fedmpi) Z 1 12") == .ended)
        // Held by a debugger, which lets it go on.
        #expect(state("12 (fedmpi) t 1 12") == .alive)
        #expect(state("") == .ended)
    }

    @Test func `A process is seen to run, to be stopped, and to end`() throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sleep")
        process.arguments = ["60"]
        try process.run()
        let id = process.processIdentifier
        #expect(ProcessState(of: id) == .alive)
        kill(id, SIGSTOP)
        while ProcessState(of: id) == .alive { usleep(1000) }
        #expect(ProcessState(of: id) == .stopped)
        kill(id, SIGKILL)
        process.waitUntilExit()
        #expect(ProcessState(of: id) == .ended)
    }
}
