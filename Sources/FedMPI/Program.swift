import FedCore
public import MPI
import Records

#if canImport(Glibc)
import Glibc
#else
import Musl
#endif

/// A program over the ranks of an MPI job, from the start of MPI to the exit code.
public enum Program {
    /// Initialises MPI, runs `body` on every rank, finalises MPI, and ends the process. Collective over the job; to be called once,
    /// on the main thread.
    ///
    /// Exit codes are those of `fedmpi`: 0 done; 1 the world failed, after the rank's message and with the whole job; 2 the user
    /// asked for something that cannot be done, which rank 0 says in one line; 128 + n stopped by signal n, if the program has
    /// raised a `StopFlag` in a handler of its own.
    ///
    /// - Parameters:
    ///   - name: the program's, before its error messages.
    ///   - body: gets the communicator of all ranks, and tells whether a rank was lost, as `Session.run` does. It may throw
    ///     `ConfigurationError` on all ranks alike; any other error ends the job.
    public static func run(_ name: String, _ body: (any Communicator) throws -> Bool) -> Never {
        // Lone processes alone read it: Open MPI would start a daemon beside one, and needs ssh for that.
        setenv("OMPI_MCA_ess_singleton_isolated", "1", 0)
        let code: Int32 = MPIWorld.run { world in
            do {
                if try body(world) { leaveBehindLostRanks(world) }
                return 0
            } catch let error as ConfigurationError {
                if world.rank == 0 { report("\(name): \(error)") }
                try world.barrier()
                return 2
            } catch let error as Interruption {
                // The other ranks may sit in a collective: nobody finalises. Clients leave time to the server, because the launcher
                // ends everybody when the first one leaves.
                if world.rank == 0, world.size > 1 { MPIWorld.abort(code: error.exitCode) }
                if world.rank > 0 { sleep(2) }
                MPIWorld.exitWithoutFinalizing(code: error.exitCode)
            } catch {
                report((world.size > 1 ? "rank \(world.rank): " : "\(name): ") + error.line)
                MPIWorld.abort(code: 1)
            }
        }
        exit(code)
    }

    /// The run is done, but finalising MPI would wait for the dead: the server ends who is left.
    private static func leaveBehindLostRanks(_ world: any Communicator) -> Never {
        if world.rank == 0 { MPIWorld.abort(code: 0) }
        while true { sleep(1) }
    }

    /// Writes a line on standard error in one piece.
    private static func report(_ line: String) {
        fflush(nil)
        let bytes = Array("\(line)\n".utf8)
        _ = write(STDERR_FILENO, bytes, bytes.count)
    }
}
