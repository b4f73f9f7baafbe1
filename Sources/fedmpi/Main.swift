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

/// The program's entry on every rank. Each rank parses the same command line and comes to the same decision; rank 0
/// alone speaks.
///
/// Errors become exit codes: 0 done, 1 something failed that the user's command is not to blame for, 2 the user asked
/// for something that cannot be done, 4 the run has ended because its privacy budget is spent, 128 + n signal n stopped it. One line on standard error says why.
@main
enum Main {
    /// Runs the command and exits; never returns.
    ///
    /// The order matters: the launcher's variables are read, arguments are checked and help is printed before there are
    /// guardians, and guardians fork before MPI or threads exist.
    static func main() {
        Console.open()
        let arguments = Array(CommandLine.arguments.dropFirst()).withNegativeNumbersTied
        Launch.look()
        do {
            try ArgumentBytes.check()
            if let topic = HelpTopic(arguments) {
                let text = try topic.text()
                if Launch.rank == 0 { Console.output(text) }
                exit(Console.code(0))
            }
            // Whoever types the bare name wants to know what it is; under a launcher it is the job.
            if arguments.isEmpty, !Launch.isUnderLauncher {
                Console.output(Overview.text)
                exit(Console.code(0))
            }
            let command = try FedMPI.parseAsRoot(arguments)
            switch command {
            case let command as any TrainingCommand where command.dryRun.isDry:
                guard Launch.rank == 0 else { exit(0) }
                exit(runAlone(arguments) { try command.rehearse(ranks: Launch.size) })
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
                guard Launch.rank == 0 else { break }
                switch command {
                case is Report, is Compare, is Quantize, is Prune, is VariantList, is Export: Console.loss = .isNoted
                default: break
                }
                exit(runAlone(arguments) { try command.run() })
            }
        } catch {
            exit(report(error, arguments))
        }
    }

    /// Runs a command that needs one process only, on rank 0. The other ranks, if any, are gone: nobody waits for them.
    ///
    /// - Parameters:
    ///   - arguments: as given, for the hint in an error's line.
    ///   - work: runs the parsed command.
    /// - Returns: the exit code.
    private static func runAlone(_ arguments: [String], _ work: () throws -> Void) -> Int32 {
        do {
            try work()
            return Console.code(0)
        } catch let code as ExitCode {
            return code.rawValue  // it has said why
        } catch  where FedMPI.exitCode(for: error) == .success {
            Console.output(Help.text(for: error, arguments))
            return 0
        } catch {
            let isUsers =
                error is ConfigurationError || error is DatasetError || error is RunStoreError
                || error is ValidationError
            Console.refusal(Help.line(for: error, arguments), code: isUsers ? 2 : 1)
            return isUsers ? 2 : 1
        }
    }

    /// Prints what is wrong with the command line, or the help that was asked for, on rank 0. Then all ranks leave
    /// together: the launcher would kill rank 0 before it has spoken if another left with an error first.
    ///
    /// - Parameters:
    ///   - error: what the parser threw; a request for help is one of its errors.
    ///   - arguments: as given, without the program's name.
    /// - Returns: the exit code, equal on all ranks.
    private static func report(_ error: any Error, _ arguments: [String]) -> Int32 {
        let isHelp = !(error is ConfigurationError) && FedMPI.exitCode(for: error) == .success
        if Launch.rank == 0 {
            if isHelp {
                Console.output(Help.text(for: error, arguments))
            } else {
                Console.refusal(Help.line(for: error, arguments), code: 2)
            }
        }
        if isHelp { return 0 }
        if Launch.isUnderLauncher {
            Launch.prepareMPI()
            MPIWorld.run { world in
                if Launch.isOneOfSeveralPrograms, Launch.rank == 0 { MPIWorld.abort(code: 2) }
                try world.barrier()
            }
        }
        return 2
    }
}

/// A command that runs over all ranks: training, sweeps, split inference, fleets.
protocol WorldCommand: ParsableCommand {
    /// Does the command's work on this rank. Collective: every rank calls it with equal options.
    ///
    /// - Parameter world: all ranks of the job.
    /// - Returns: the rest of this rank's work, to be done once MPI is finalised and the other ranks' files are
    ///   written; its result is the exit code. Nil when nothing is left: the code is 0.
    /// - Throws: `ConfigurationError` on every rank alike, or any other error on the rank where it happens.
    func run(on world: any Communicator) throws -> (() -> Int32)?
}

/// A command that trains, whose settings can be checked without training.
protocol TrainingCommand: WorldCommand {
    /// Whether they are to be checked only.
    var dryRun: DryRunOption { get }

    /// Checks the settings in this process alone, without MPI.
    ///
    /// - Parameter ranks: ranks that the job would have.
    /// - Throws: `ConfigurationError` or `DatasetError`, in the words of the run.
    func rehearse(ranks: Int) throws
}

extension WorldCommand {
    /// Initialises MPI, runs the command, finalises MPI, and does the rest of the command's work.
    ///
    /// An error that is not the user's ends the whole job by `MPI_Abort`, because the other ranks may sit in a
    /// collective that will never complete. A stop by a signal ends it without finalising, for the same reason.
    ///
    /// - Returns: the exit code; does not return when the job is aborted.
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
                if world.rank == 0 { Console.refusal("\(error)", code: 2) }
                try world.barrier()
                return 2
            } catch let error as ServerLost where !error.isCertain {
                try leaveAlone(world.rank, because: error)
            } catch let error as ServerLost {
                // The launcher knows how that process ended, and ends the job with its code: on a busy machine a moment
                // later than this rank sees it. Only where it does not is this rank the one that speaks.
                Thread.sleep(forTimeInterval: 2)
                Console.error("rank \(world.rank): \(error)")
                MPIWorld.abort(code: 1)
            } catch let error as Interruption {
                // The other ranks may sit in a collective: nobody finalises. The server ends those that heard nothing.
                if world.rank == 0, world.size > 1 { MPIWorld.abort(code: error.exitCode) }
                // Open MPI 4.1 gives every rank a second after SIGTERM, but kills all at once when the first one
                // leaves: clients stay until the server has saved and ends them.
                if world.rank > 0 { Thread.sleep(forTimeInterval: 2) }
                MPIWorld.exitWithoutFinalizing(code: error.exitCode)
            } catch {
                if world.rank == 0 {
                    Console.refusal(error.line, code: 1, by: world.size > 1 ? "rank 0" : "fedmpi")
                } else {
                    Console.error("rank \(world.rank): \(error.line)")
                }
                MPIWorld.abort(code: 1)
            }
        }
        return epilogue?() ?? code
    }

    /// Leaves a job whose server this rank no longer hears, although others may: as a rank that is killed, which the
    /// job survives where it survives any lost client.
    ///
    /// - Parameters:
    ///   - rank: this rank, for the warning.
    ///   - error: why the server counts as lost.
    /// - Throws: `error` where the job cannot go on without this rank.
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
