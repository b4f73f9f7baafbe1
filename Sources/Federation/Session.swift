import Datasets
import FedCore
import Foundation
import MPI

/// A training run over the ranks of a communicator.
public enum Session {
    /// Runs the job that rank 0 was given. Collective: every rank calls it.
    ///
    /// - Parameters:
    ///   - settings: on rank 0; other ranks receive them.
    ///   - state: on rank 0, to continue a run; `settings` are then those of the state, but for `rounds`.
    ///   - stop: ends the run when it is raised; raise it on every rank.
    ///   - observers: on rank 0, made once the settings are known to be sound.
    /// - Throws: `ConfigurationError` on every rank alike when the settings cannot be honoured on some rank;
    ///   `Interruption` when `stop` is raised; other errors on the rank where they happen.
    public static func run(
        _ settings: RunSettings?, resuming state: RunState? = nil, stop: StopFlag = StopFlag(),
        on communicator: any Communicator,
        observers: (Job) throws -> [any RoundObserver]
    ) throws {
        let settings = try share(settings, over: communicator)
        // Each rank prepares for itself, at the same time; then all learn whether all could.
        var ready: (job: Job, role: Role)?
        let problem = try attempt(on: communicator) {
            let job = try Job(settings)
            let role: Role
            if communicator.rank == 0 {
                role = .server(
                    try RoundLoop(
                        job, communicator, resuming: state, stop: stop, observers: { try observers(job) }))
            } else {
                role = .client(try ClientLoop(job, communicator, stop: stop))
            }
            ready = (job, role)
        }
        if let problem { throw problem }
        guard let ready else { preconditionFailure("every rank agreed, and this one has nothing to run") }

        let hosts = try communicator.allGatherText(MPIWorld.hostName)
        switch ready.role {
        case .server(let loop):
            try loop.run(hosts: hosts)
        case .client(let loop):
            try loop.run()
        }
    }

    private enum Role {
        case server(RoundLoop)
        case client(ClientLoop)
    }

    /// Broadcasts rank 0's settings.
    private static func share(_ settings: RunSettings?, over communicator: any Communicator) throws -> RunSettings {
        let encoded = communicator.rank == 0 ? try JSONEncoder().encode(settings) : Data()
        let bytes = try communicator.broadcastBytes(Array(encoded), root: 0)
        return try JSONDecoder().decode(RunSettings.self, from: Data(bytes))
    }

    /// Runs `body` on every rank; if it fails somewhere with an error that is the user's to mend, every rank gets the
    /// error of the lowest such rank. Collective.
    public static func attempt(on communicator: any Communicator, _ body: () throws -> Void) throws
        -> ConfigurationError?
    {
        var message: String?
        do {
            try body()
        } catch let error as ConfigurationError {
            message = error.description
        } catch let error as DatasetError {
            message = error.description
        }
        let texts = try communicator.allGatherText(message ?? "")
        guard let rank = texts.firstIndex(where: { !$0.isEmpty }) else { return nil }
        return ConfigurationError(rank == 0 ? texts[rank] : "rank \(rank): \(texts[rank])")
    }
}
