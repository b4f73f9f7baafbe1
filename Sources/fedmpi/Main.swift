import ArgumentParser
import Datasets
import FedCore
import Federation
import Foundation
import Launching
import MPI
import Records
import RunStore
import Runtime

/// Parses the command line alike on every rank, lets rank 0 alone speak, and maps errors to exit codes: 0 done, 1 the
/// world failed, 2 the user asked for something that cannot be done, 128 + n signal n stopped the run.
@main
enum Main {
    static func main() {
        Console.open()
        let arguments = Array(CommandLine.arguments.dropFirst())
        Launch.look()
        do {
            try ArgumentBytes.check()
            if let topic = HelpTopic(arguments) {
                let text = try topic.text()
                if Launch.rank == 0 { Console.output(text) }
                exit(Console.code(0))
            }
            let command = try FedMPI.parseAsRoot(arguments)
            switch command {
            case let command as any WorldCommand:
                switch command {
                case is Train, is SplitTrain, is Sweep, is Distill, is Serve, is Doctor: Guardian.standGuard()
                case is Split: Guardian.standGuard(sparesServer: true)
                default: break
                }
                Console.loss = .isNoted
                exit(Console.code(command.runOverWorld()))
            case var command:
                // Nothing that needs the other ranks: they leave quietly.
                if Launch.rank == 0 { exit(runAlone(&command, arguments)) }
            }
        } catch {
            exit(report(error, arguments))
        }
    }

    /// Returns the exit code. The other ranks, if any, are gone: nobody waits for them.
    private static func runAlone(_ command: inout any ParsableCommand, _ arguments: [String]) -> Int32 {
        switch command {
        case is Report, is Compare, is Quantize, is Prune, is VariantList, is Export: Console.loss = .isNoted
        default: break
        }
        do {
            try command.run()
            return Console.code(0)
        } catch let code as ExitCode {
            return code.rawValue  // it has said why
        } catch  where FedMPI.exitCode(for: error) == .success {
            Console.output(Help.text(for: error, arguments))
            return 0
        } catch {
            Console.error("fedmpi: \(Help.line(for: error, arguments))")
            let isUsers =
                error is ConfigurationError || error is DatasetError || error is RunStoreError
                || error is ValidationError
            return isUsers ? 2 : 1
        }
    }

    /// Rank 0 says what is wrong, or helps; then all ranks leave together, so that none is shot by the launcher before
    /// it has spoken.
    private static func report(_ error: any Error, _ arguments: [String]) -> Int32 {
        let isHelp = !(error is ConfigurationError) && FedMPI.exitCode(for: error) == .success
        if Launch.rank == 0 {
            if isHelp {
                Console.output(Help.text(for: error, arguments))
            } else {
                Console.error("fedmpi: \(Help.line(for: error, arguments))")
            }
        }
        if isHelp { return 0 }
        if Launch.isUnderLauncher {
            Launch.prepareMPI()
            MPIWorld.run { world in try world.barrier() }
        }
        return 2
    }
}

/// A command that runs over all ranks.
protocol WorldCommand: ParsableCommand {
    /// Collective.
    /// - Returns: what this rank has to do once MPI is finalised and the other ranks' files are written; it returns the
    ///   exit code.
    /// - Throws: `ConfigurationError` on every rank alike, or any other error on the rank where it happens.
    func run(on world: any Communicator) throws -> (() -> Int32)?
}

extension WorldCommand {
    /// Initialises MPI, runs, finalises. Returns the exit code; an error that is not the user's ends the whole job, because
    /// the other ranks may sit in a collective that will never complete.
    func runOverWorld() -> Int32 {
        var epilogue: (() -> Int32)?
        Launch.prepareMPI()
        let code: Int32 = MPIWorld.run { world in
            if let refusal = Launch.refusal(ofJobOf: world.size) {
                if Launch.rank == 0 { Console.error("fedmpi: \(refusal)") }
                return 2
            }
            do {
                epilogue = try run(on: world)
                return 0
            } catch let error as ConfigurationError {
                if world.rank == 0 { Console.error("fedmpi: \(error)") }
                try world.barrier()
                return 2
            } catch let error as ServerLost where !error.isCertain {
                try leaveAlone(world.rank, because: error)
            } catch let error as Interruption {
                // The other ranks may sit in a collective: nobody finalises. The server ends those that heard nothing.
                if world.rank == 0, world.size > 1 { MPIWorld.abort(code: error.exitCode) }
                // Open MPI 4.1 gives every rank a second after SIGTERM, but kills all at once when the first one
                // leaves: clients stay until the server has saved and ends them.
                if world.rank > 0 { Thread.sleep(forTimeInterval: 2) }
                MPIWorld.exitWithoutFinalizing(code: error.exitCode)
            } catch {
                Console.error((world.size > 1 ? "rank \(world.rank): " : "fedmpi: ") + error.line)
                MPIWorld.abort(code: 1)
            }
        }
        return epilogue?() ?? code
    }

    /// Others may still hear the server: this rank leaves as one that is killed, which the job survives.
    private func leaveAlone(_ rank: Int, because error: ServerLost) throws -> Never {
        switch Guardian.policy {
        case .guarded:
            Console.error("[rank \(rank)] warning: \(error); this rank leaves, and the others go on")
            raise(SIGKILL)
            throw error
        case .recovery:
            Console.error("[rank \(rank)] warning: \(error); this rank leaves, and the others go on")
            MPIWorld.exitWithoutFinalizing(code: 0)
        case .oneProcess, .fatal: throw error
        }
    }
}
