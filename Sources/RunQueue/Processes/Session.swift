import Foundation
import Records

/// The processes of a run on this machine: launcher, ranks and whatever they have started, all in the session that the queue made
/// for the run.
struct Session {
    /// The process that leads it.
    let leader: ProcessIdentity

    /// The session of a process that was identified; nil when it is of another machine, or of this one before it was restarted.
    init?(_ text: String?) {
        guard let text, let leader = ProcessIdentity(text), leader.place == ProcessIdentity.here else { return nil }
        self.leader = leader
    }

    /// Whether its leader is there.
    var isLed: Bool { leader.state != .ended }

    /// Asks the leader to end, which passes it on to the launcher, and that to the ranks: they save and end.
    func stop() {
        if isLed { kill(leader.number, SIGTERM) }
    }

    /// Kills all processes of the session, the leader last, so that they cannot be taken for somebody else's: while a process of a
    /// session is there, the kernel does not give its number to another.
    func killAll() {
        // Another process that has the number by now leads a session of its own.
        guard isLed || ProcessIdentity(of: leader.number) == nil else { return }
        // Those that start others while they are looked for are found in the next pass.
        for _ in 0..<20 {
            let members = members.filter { $0 != leader.number }
            if members.isEmpty { break }
            for member in members { kill(member, SIGKILL) }
            usleep(5_000)
        }
        if isLed { kill(leader.number, SIGKILL) }
    }

    /// The numbers of its living processes. One small file for each process of the machine.
    private var members: [pid_t] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return names.compactMap { pid_t($0) }.filter { getsid($0) == leader.number && ProcessState(of: $0) != .ended }
    }
}
