import Foundation
import Testing

@testable import Federation
@testable import Records
@testable import RunStore

@Suite struct ProcessIdentityTests {
    private func stored(process: String, heartbeat: Date) throws -> StoredRun {
        let history = try History()
        try history.finish("any", [])
        var run = try history.store().find("any")
        run.status = .running
        run.process = process
        run.heartbeatAt = heartbeat
        return run
    }

    @Test func `A process that was killed is gone, and so is one whose number another has`() throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sleep")
        process.arguments = ["60"]
        try process.run()
        let identity = try #require(ProcessIdentity(of: process.processIdentifier))
        let text = "\(identity.place) \(identity.number) \(identity.start)"
        #expect(ProcessIdentity.isAlive(text) == true)
        #expect(ProcessIdentity.isAlive("\(identity.place) \(identity.number) 1") == false)
        #expect(try stored(process: text, heartbeat: .distantPast).concluded(at: .now).status == .running)
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        #expect(ProcessIdentity.isAlive(text) == false)
        #expect(try stored(process: text, heartbeat: .now).concluded(at: .now).status == .interrupted)
    }

    @Test func `On another machine it is the heartbeat that tells`() throws {
        let elsewhere = "01234567-89ab-cdef-0123-456789abcdef pid:[4026531836] 4242 99"
        for process in [elsewhere, "", "nonsense"] {
            #expect(ProcessIdentity.isAlive(process) == nil)
            let run = try stored(process: process, heartbeat: Date(timeIntervalSince1970: 1_000))
            #expect(run.concluded(at: Date(timeIntervalSince1970: 1_119)).status == .running)
            #expect(run.concluded(at: Date(timeIntervalSince1970: 1_121)).status == .interrupted)
        }
    }

    @Test func `A run that said how it ended keeps its word`() throws {
        var run = try stored(process: "", heartbeat: .distantPast)
        run.status = .finished
        #expect(run.concluded(at: .now).status == .finished)
    }

    @Test func `This process knows itself`() {
        #expect(ProcessIdentity.isAlive(ProcessIdentity.ofThisProcess) == true)
    }
}
